package dev.treaty.resilience.execution;

import dev.treaty.core.call.CallContext;
import dev.treaty.core.call.Fault;
import dev.treaty.resilience.internal.Failure;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How one kind of work is attempted. There are two kinds, plain code and calls of a pipeline; a guard runs both by the
 * same steps.
 *
 * @param <W> what is done; an argument of every method, so that running plain code allocates nothing
 */
public interface Work<W> {
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

    /** Another attempt follows after a pause. */
    default void retryScheduled(W work, Fault fault, Duration pause) {}

    /** No attempt follows, although the failure is retryable. */
    default void retryRefused(W work, Fault fault, String reason) {}
}
