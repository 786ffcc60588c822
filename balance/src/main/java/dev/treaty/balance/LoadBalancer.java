package dev.treaty.balance;

import dev.treaty.core.call.Call;

/**
 * Picks the instance that gets an attempt. Load is measured elsewhere; a picker only reads it. It may be asked by any
 * number of threads, and serves one set of instances.
 */
@FunctionalInterface
public interface LoadBalancer {
    /** What {@link #pick} answers where no candidate takes the call. */
    int NONE = -1;

    /**
     * The index of the candidate that should get this attempt, or {@link #NONE}.
     *
     * @param nowNanos the time, which whoever asks has just read
     */
    int pick(Candidates candidates, Call call, long nowNanos);
}
