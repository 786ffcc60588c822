package dev.treaty.resilience;

import dev.treaty.core.contract.Description;
import dev.treaty.core.text.Accepted;
import dev.treaty.resilience.internal.PolicyChecks;
import java.time.Duration;

/**
 * How many calls may run at a time, and how many more calls may wait.
 *
 * @param adaptive whether the limit falls below {@code limit} while calls queue in the service, as their latencies and
 *     the throughput tell; otherwise it is constant: a bulkhead
 * @param limit the limit, or the highest limit of an adaptive one, which is also the first
 * @param queue how many calls may wait; 0 refuses at once
 * @param waitMax how long a call waits at most; its deadline may end the wait earlier
 */
public record ConcurrencyPolicy(
        @Description("Whether the concurrency limit falls below `limit` while calls queue in the service.")
        boolean adaptive,

        @Description("The concurrency limit, or the highest value of an adaptive one.")
        @Accepted(min = "1", max = "65536")
        int limit,

        @Description("How many calls may wait for a permit; 0 for none.") @Accepted(min = "0", max = "10000")
        int queue,

        @Description("The longest wait for a permit.") @Accepted(min = "1ns", max = "1d")
        Duration waitMax) {
    /** The highest limit. */
    public static final int LIMIT_MAX = 65_536;

    /** The longest queue. */
    public static final int QUEUE_MAX = 10_000;

    /** 200 calls at a time; 50 more wait for up to 100 ms. */
    public static final ConcurrencyPolicy DEFAULT = new ConcurrencyPolicy(false, 200, 50, Duration.ofMillis(100));

    /** @throws IllegalArgumentException if a value is out of range; the message contains the accepted range */
    public ConcurrencyPolicy {
        PolicyChecks.within("limit", limit, 1, LIMIT_MAX);
        PolicyChecks.within("queue", queue, 0, QUEUE_MAX);
        PolicyChecks.positive("wait-max", waitMax);
    }

    /** Returns a fixed limit without a queue. */
    public static ConcurrencyPolicy fixed(int limit) {
        return new ConcurrencyPolicy(false, limit, 0, DEFAULT.waitMax);
    }

    /** Returns an adaptive limit up to that one, without a queue. */
    public static ConcurrencyPolicy adaptive(int limit) {
        return new ConcurrencyPolicy(true, limit, 0, DEFAULT.waitMax);
    }

    /** Returns the same policy with another limit. */
    public ConcurrencyPolicy withLimit(int changed) {
        return new ConcurrencyPolicy(adaptive, changed, queue, waitMax);
    }

    /** Returns the same policy with another queue. */
    public ConcurrencyPolicy withQueue(int changed) {
        return new ConcurrencyPolicy(adaptive, limit, changed, waitMax);
    }
}
