package dev.treaty.resilience;

import dev.treaty.resilience.internal.PolicyChecks;
import java.time.Duration;

/**
 * How many calls may be under way at once, how that number is found, and how many more may wait for their turn.
 *
 * @param algorithm how the limit is found
 * @param limit the limit, or where an adaptive one begins; begin low, since what calls take at first counts as
 * unhurried
 * @param limitMin an adaptive limit never falls below it; it should be less than the service can do at once
 * @param limitMax an adaptive limit never rises above it
 * @param queue how many calls may wait for their turn; 0 refuses at once
 * @param waitMax how long a call waits for its turn at most; its deadline may end the wait earlier
 */
public record ConcurrencyPolicy(
        Algorithm algorithm, int limit, int limitMin, int limitMax, int queue, Duration waitMax) {

    /** How a limit is found. */
    public enum Algorithm {
        /** It is given, and stays: a bulkhead. */
        FIXED,
        /**
         * One more per second while calls succeed, a tenth less when one is dropped: additive increase, multiplicative
         * decrease, as TCP has it. It needs a service that drops calls in time, and does not look at latency.
         */
        AIMD,
        /** Keeps a short queue at the service, whose length it infers from latency, as TCP Vegas does. */
        VEGAS,
        /** Lets latency rise to half above its baseline and no further, as Netflix's Gradient2 does. */
        GRADIENT2
    }

    /** The highest limit that may be asked for. */
    public static final int LIMIT_MAX = 65_536;

    /** The longest queue that may be asked for. */
    public static final int QUEUE_MAX = 10_000;

    /** 200 calls at once; 50 more wait for up to 100 ms. An adaptive limit may move between 20 and 1000. */
    public static final ConcurrencyPolicy DEFAULT =
            new ConcurrencyPolicy(Algorithm.FIXED, 200, 20, 1000, 50, Duration.ofMillis(100));

    /** @throws IllegalArgumentException where a value is out of range; the message says which, and what is accepted */
    public ConcurrencyPolicy {
        PolicyChecks.atLeast("limit-min", limitMin, 1);
        PolicyChecks.atLeast("limit-max", limitMax, limitMin);
        PolicyChecks.atMost("limit-max", limitMax, LIMIT_MAX);
        PolicyChecks.atLeast("limit", limit, algorithm == Algorithm.FIXED ? 1 : limitMin);
        PolicyChecks.atMost("limit", limit, algorithm == Algorithm.FIXED ? LIMIT_MAX : limitMax);
        PolicyChecks.atLeast("queue", queue, 0);
        PolicyChecks.atMost("queue", queue, QUEUE_MAX);
        PolicyChecks.positive("wait-max", waitMax);
    }

    /** That many calls at once; more are refused at once. */
    public static ConcurrencyPolicy fixed(int limit) {
        return DEFAULT.withLimit(limit).withQueue(0);
    }

    /** A limit that is found while calls are made, beginning at 20; more calls are refused at once. */
    public static ConcurrencyPolicy adaptive(Algorithm algorithm) {
        return new ConcurrencyPolicy(
                algorithm, DEFAULT.limitMin, DEFAULT.limitMin, DEFAULT.limitMax, 0, DEFAULT.waitMax);
    }

    /** The same policy with another limit. */
    public ConcurrencyPolicy withLimit(int changed) {
        return new ConcurrencyPolicy(algorithm, changed, limitMin, limitMax, queue, waitMax);
    }

    /** The same policy with another queue. */
    public ConcurrencyPolicy withQueue(int changed) {
        return new ConcurrencyPolicy(algorithm, limit, limitMin, limitMax, changed, waitMax);
    }

    /** The highest limit that can come to be under this policy. */
    int limitHighest() {
        return algorithm == Algorithm.FIXED ? limit : limitMax;
    }
}
