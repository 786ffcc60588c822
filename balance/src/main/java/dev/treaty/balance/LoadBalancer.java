package dev.treaty.balance;

import dev.treaty.core.call.Call;

/**
 * Picks the instance for each attempt. Load is measured elsewhere; a load balancer only reads it. Any number of threads
 * use one load balancer concurrently, for one set of instances.
 */
@FunctionalInterface
public interface LoadBalancer {
    /** The result of {@link #pick} if no candidate accepts the call. */
    int NONE = -1;

    /**
     * Returns the index of the candidate for this attempt, or {@link #NONE}.
     *
     * @param nowNanos the current time, which the caller has just read
     */
    int pick(Candidates<?> candidates, Call call, long nowNanos);
}
