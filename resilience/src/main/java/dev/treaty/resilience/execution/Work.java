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
 * How one kind of work is attempted. There are two kinds, plain {@link Code} and {@link Calls} of a pipeline; a guard
 * runs both by the same steps.
 *
 * @param <W> what is done; an argument of every method, so that running plain code allocates nothing
 */
public sealed interface Work<W> {
    /**
     * Makes one attempt.
     *
     * @param context the context of the call, if any
     * @param number the number of the attempt, along the whole chain of calls
     * @param deadlineNanos when it should be over
     * @return the result, or a {@link Failure}
     */
    @Nullable
    Object attempt(W work, @Nullable CallContext context, int number, long deadlineNanos);

    /** Returns whether another attempt may reach another part of the service than the one that failed. */
    boolean mayReachOther(W work, Fault fault);

    /** Another attempt follows after a pause. */
    default void retryScheduled(W work, Fault fault, Duration pause) {}

    /** No attempt follows, although the failure is retryable. */
    default void retryRefused(W work, Fault fault, String reason) {}

    /**
     * Plain code. In a handler of Treaty it runs in the handler's context, with the guard's deadline and attempt, so
     * that the calls it makes inherit them.
     *
     * @param faults maps the exceptions of the code; null for {@link ExceptionMapping#of}
     */
    record Code(@Nullable Function<? super Exception, Fault> faults) implements Work<ScopedValue.CallableOp<?, ?>> {
        @Override
        @SuppressWarnings("unchecked") // what the code throws is caught here, whatever its type
        public @Nullable Object attempt(
                ScopedValue.CallableOp<?, ?> body, @Nullable CallContext context, int number, long deadlineNanos) {
            var code = (ScopedValue.CallableOp<?, Exception>) body;
            try {
                return context == null
                        ? code.call()
                        : context.attempt(number)
                                .within(new Deadline(deadlineNanos))
                                .run(code::call);
            } catch (Exception e) {
                return ExceptionMapping.failure(e, faults);
            }
        }

        @Override
        public boolean mayReachOther(ScopedValue.CallableOp<?, ?> body, Fault fault) {
            return false;
        }
    }

    /**
     * Calls of a pipeline.
     *
     * @param faults maps the exceptions of the next handler; null for {@link ExceptionMapping#of}
     * @param events receives the retries
     */
    record Calls(@Nullable Function<? super Exception, Fault> faults, Events events) implements Work<Calls.Passage> {
        /** A call, and the handler of each attempt. */
        public record Passage(Call call, Handler next) {}

        @Override
        public @Nullable Object attempt(
                Passage passage, @Nullable CallContext context, int number, long deadlineNanos) {
            Call call = passage.call;
            CallContext attempt = call.context().attempt(number).within(new Deadline(deadlineNanos));
            try {
                ServiceResponse<?> response = passage.next.handle(call.with(attempt));
                return response instanceof ServiceResponse.Failed<?> failed
                        ? Failure.of(failed.fault(), failed)
                        : response;
            } catch (Exception e) {
                return ExceptionMapping.failure(e, faults);
            }
        }

        @Override
        public boolean mayReachOther(Passage passage, Fault fault) {
            return !fault.reached() && !passage.call.context().record().refusedByAll();
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
}
