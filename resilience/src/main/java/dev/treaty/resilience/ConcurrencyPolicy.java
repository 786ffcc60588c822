package dev.treaty.resilience;

import dev.treaty.resilience.internal.PolicyChecks;
import java.time.Duration;

/**
 * How many calls may run at a time, whether that limit is fixed or adaptive, and how many more calls may wait.
 *
 * @param algorithm how the limit is computed
 * @param limit the limit, or the first limit of an adaptive algorithm; start low, since the first latencies become the
 *     baseline
 * @param limitMin the lowest adaptive limit; it should be less than the service can run at a time
 * @param limitMax the highest adaptive limit
 * @param queue how many calls may wait; 0 refuses at once
 * @param waitMax how long a call waits at most; its deadline may end the wait earlier
 */
public record ConcurrencyPolicy(
        Algorithm algorithm, int limit, int limitMin, int limitMax, int queue, Duration waitMax) {

    /** How a concurrency limit is computed. */
    public enum Algorithm {
        /** The limit is constant: a bulkhead. */
        FIXED,
        /**
         * Raises the limit by one each second while calls succeed and lowers it by a tenth if one is dropped: additive
         * increase, multiplicative decrease, as in TCP. It requires a service that drops calls in time, and ignores
         * latency.
         */
        AIMD,
        /** Keeps a short queue at the service, whose length it estimates from latency, like TCP Vegas. */
        VEGAS,
        /** Lets latency rise to one and a half times its baseline, like Gradient2 of Netflix. */
        GRADIENT2
    }

    /** The highest limit. */
    public static final int LIMIT_MAX = 65_536;

    /** The longest queue. */
    public static final int QUEUE_MAX = 10_000;

    /** 200 calls at a time; 50 more wait for up to 100 ms. An adaptive limit moves between 20 and 1000. */
    public static final ConcurrencyPolicy DEFAULT =
            new ConcurrencyPolicy(Algorithm.FIXED, 200, 20, 1000, 50, Duration.ofMillis(100));

    /** @throws IllegalArgumentException if a value is out of range; the message contains the accepted range */
    public ConcurrencyPolicy {
        boolean fixed = algorithm == Algorithm.FIXED;
        PolicyChecks.atLeast("limit-min", limitMin, 1);
        PolicyChecks.within("limit-max", limitMax, limitMin, LIMIT_MAX);
        PolicyChecks.within("limit", limit, fixed ? 1 : limitMin, fixed ? LIMIT_MAX : limitMax);
        PolicyChecks.within("queue", queue, 0, QUEUE_MAX);
        PolicyChecks.positive("wait-max", waitMax);
    }

    /** Returns a fixed limit without a queue. */
    public static ConcurrencyPolicy fixed(int limit) {
        return DEFAULT.withLimit(limit).withQueue(0);
    }

    /** Returns an adaptive limit without a queue, starting at 20. */
    public static ConcurrencyPolicy adaptive(Algorithm algorithm) {
        return new ConcurrencyPolicy(
                algorithm, DEFAULT.limitMin, DEFAULT.limitMin, DEFAULT.limitMax, 0, DEFAULT.waitMax);
    }

    /** Returns the same policy with another limit. */
    public ConcurrencyPolicy withLimit(int changed) {
        return new ConcurrencyPolicy(algorithm, changed, limitMin, limitMax, queue, waitMax);
    }

    /** Returns the same policy with another queue. */
    public ConcurrencyPolicy withQueue(int changed) {
        return new ConcurrencyPolicy(algorithm, limit, limitMin, limitMax, changed, waitMax);
    }

    /** The highest limit under this policy. */
    int limitHighest() {
        return algorithm == Algorithm.FIXED ? limit : limitMax;
    }
}
