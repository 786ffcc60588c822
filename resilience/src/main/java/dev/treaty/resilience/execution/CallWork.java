package dev.treaty.resilience.execution;

import dev.treaty.core.call.Call;
import dev.treaty.core.call.CallContext;
import dev.treaty.core.call.Deadline;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.Handler;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.event.Event;
import dev.treaty.core.event.Events;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Calls on their way through a pipeline. */
public final class CallWork extends Work<CallWork.Passage> {
    /** A call, and the rest of its pipeline. */
    public record Passage(Call call, Handler next) {}

    private final Events events;

    public CallWork(Events events) {
        this.events = events;
    }

    public Events events() {
        return events;
    }

    @Override
    public CallContext context(Passage passage) {
        return passage.call.context();
    }

    @Override
    public boolean idempotent(Passage passage, boolean declared) {
        return passage.call.operation().idempotent();
    }

    @Override
    Object attempt(Passage passage, @Nullable CallContext context, int number, long deadlineNanos)
            throws InterruptedException {
        Call call = passage.call;
        return passage.next.handle(call.with(call.context().attempt(number).within(new Deadline(deadlineNanos))));
    }

    @Override
    @Nullable
    Fault fault(@Nullable Object answer) {
        return answer instanceof ServiceResponse.Failed<?> failed ? failed.fault() : null;
    }

    @Override
    void retrying(Passage passage, Fault fault, Duration pause) {
        events.emit(new Event.RetryScheduled(passage.call, fault, pause));
    }

    @Override
    void retryRefused(Passage passage, Fault fault, String reason) {
        events.emit(new Event.RetryRefused(passage.call, fault, reason));
    }
}
