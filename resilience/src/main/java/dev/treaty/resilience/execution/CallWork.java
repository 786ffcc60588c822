package dev.treaty.resilience.execution;

import dev.treaty.core.call.Call;
import dev.treaty.core.call.CallContext;
import dev.treaty.core.call.Deadline;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.Handler;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.event.Event;
import dev.treaty.core.event.Events;
import dev.treaty.resilience.internal.Failure;
import java.time.Duration;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Calls of a pipeline.
 *
 * @param faults maps the exceptions of the next handler
 * @param events receives the retries
 */
public record CallWork(Function<? super Exception, Fault> faults, Events events) implements Work<CallWork.Passage> {
    /** A call, and the handler of each attempt. */
    public record Passage(Call call, Handler next) {}

    @Override
    public @Nullable Object attempt(Passage passage, @Nullable CallContext context, int number, long deadlineNanos) {
        Call call = passage.call;
        try {
            ServiceResponse<?> response =
                    passage.next.handle(call.with(call.context().attempt(number).within(new Deadline(deadlineNanos))));
            return response instanceof ServiceResponse.Failed<?> failed ? Failure.of(failed.fault(), failed) : response;
        } catch (Exception e) {
            return ExceptionMapping.failure(e, faults);
        }
    }

    @Override
    public void retryScheduled(Passage passage, Fault fault, Duration pause) {
        events.emit(new Event.RetryScheduled(passage.call, fault, pause));
    }

    @Override
    public void retryRefused(Passage passage, Fault fault, String reason) {
        events.emit(new Event.RetryRefused(passage.call, fault, reason));
    }
}
