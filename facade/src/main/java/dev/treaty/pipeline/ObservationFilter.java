package dev.treaty.pipeline;

import dev.treaty.core.call.Call;
import dev.treaty.core.call.Filter;
import dev.treaty.core.call.Handler;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.event.Event;
import dev.treaty.core.event.Events;
import dev.treaty.core.event.Side;
import dev.treaty.core.time.Time;

/** Measures a call from outside everything else and tells the event stream of its end. */
final class ObservationFilter implements Filter {
    private final Side side;
    private final Time time;
    private final Events events;

    ObservationFilter(Side side, Time time, Events events) {
        this.side = side;
        this.time = time;
        this.events = events;
    }

    @Override
    public ServiceResponse<?> handle(Call call, Handler next) throws InterruptedException {
        long start = time.nanoTime();
        ServiceResponse<?> response = next.handle(call).withLatencyNanos(time.nanoTime() - start);
        events.emit(new Event.CallEnded(side, call, response));
        return response;
    }
}
