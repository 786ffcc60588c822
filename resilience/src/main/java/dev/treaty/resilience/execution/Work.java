package dev.treaty.resilience.execution;

import dev.treaty.core.call.CallContext;
import dev.treaty.core.call.Fault;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How work of one sort is tried and judged. There are two sorts, plain code and calls of a pipeline, and one guard runs
 * both by the same steps.
 *
 * @param <W> the work; a trial keeps nothing of it, so that running plain code allocates nothing
 */
public abstract class Work<W> {
    /** The context that the work is done in, if any. */
    public abstract @Nullable CallContext context(W work);

    /** Whether doing it twice has the effect of doing it once; {@code declared} is what the guard was told. */
    public abstract boolean idempotent(W work, boolean declared);

    /**
     * Does the work once.
     *
     * @param number which attempt it is, along the whole chain of calls
     * @param deadlineNanos when it should be over
     */
    abstract @Nullable Object attempt(W work, @Nullable CallContext context, int number, long deadlineNanos)
            throws Exception;

    /** What is wrong with an answer; null where it is good. */
    @Nullable
    Fault fault(@Nullable Object answer) {
        return null;
    }

    /** Another attempt follows after that pause. */
    void retrying(W work, Fault fault, Duration pause) {}

    /** No other attempt follows, though the failure was one that might have been tried again. */
    void retryRefused(W work, Fault fault, String reason) {}
}
