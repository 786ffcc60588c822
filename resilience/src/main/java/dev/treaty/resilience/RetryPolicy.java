package dev.treaty.resilience;

import dev.treaty.core.call.Code;
import dev.treaty.resilience.internal.PolicyChecks;
import java.time.Duration;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * When and how often a failed attempt is repeated.
 *
 * @param attempts the most attempts of one call, the first included; 1 means no retry
 * @param backoff the pause before the second attempt, before jitter
 * @param backoffMax the longest pause, before jitter
 * @param multiplier how much longer each pause is than the one before
 * @param jitter how pauses are spread
 * @param on the codes that another attempt may mend; without {@link Code#DEADLINE_EXCEEDED} no attempt ends before the
 *     deadline of its call
 * @param budget how many retries each call earns for all callers of the service: 0.2 lets retries add at most a fifth
 * @param budgetPerSecond how many retries are earned each second whatever the traffic, so that rare calls may retry too
 */
public record RetryPolicy(
        int attempts,
        Duration backoff,
        Duration backoffMax,
        double multiplier,
        Jitter jitter,
        List<Code> on,
        double budget,
        double budgetPerSecond) {

    /** Three attempts, 20 ms doubling to 1 s with full jitter, at most a fifth more traffic and 10 retries a second. */
    public static final RetryPolicy DEFAULT = new RetryPolicy(
            3,
            Duration.ofMillis(20),
            Duration.ofSeconds(1),
            2.0,
            Jitter.FULL,
            List.of(Code.UNAVAILABLE, Code.DEADLINE_EXCEEDED, Code.RESOURCE_EXHAUSTED, Code.UNKNOWN, Code.ABORTED),
            0.2,
            10);

    /** No retries. */
    public static final RetryPolicy NONE = DEFAULT.withAttempts(1);

    /** The most attempts that may be asked for. */
    public static final int ATTEMPTS_MAX = 10;

    /** @throws IllegalArgumentException where a value is out of range; the message says which, and what is accepted */
    public RetryPolicy {
        PolicyChecks.atLeast("attempts", attempts, 1);
        PolicyChecks.atMost("attempts", attempts, ATTEMPTS_MAX);
        PolicyChecks.positive("backoff", backoff);
        PolicyChecks.positive("backoff-max", backoffMax);
        PolicyChecks.notShorter("backoff-max", backoffMax, "backoff", backoff);
        if (!(multiplier >= 1 && multiplier <= 100)) {
            throw new IllegalArgumentException("multiplier is " + multiplier + ": use 1 to 100");
        }
        on = List.copyOf(on);
        PolicyChecks.ratio("budget", budget);
        if (!(budgetPerSecond >= 0 && budgetPerSecond <= 1_000_000)) {
            throw new IllegalArgumentException("budget-per-second is " + budgetPerSecond + ": use 0 to 1000000");
        }
    }

    /** The same policy with another number of attempts. */
    public RetryPolicy withAttempts(int number) {
        return new RetryPolicy(number, backoff, backoffMax, multiplier, jitter, on, budget, budgetPerSecond);
    }

    /** Whether another attempt may follow one whose time ran out: where not, there is no use in cutting it short. */
    public boolean retriesTimeouts() {
        return attempts > 1 && on.contains(Code.DEADLINE_EXCEEDED);
    }

    /** The longest pause before the attempt after the nth, in nanoseconds. */
    public long backoffNanos(int attempt) {
        double nanos = (double) backoff.toNanos() * Math.pow(multiplier, attempt - 1.0);
        return (long) Math.min(nanos, (double) backoffMax.toNanos());
    }

    /** The pause before the attempt after the nth, jitter included, in nanoseconds. */
    public long pauseNanos(int attempt, RandomGenerator random) {
        return jitter.spread(backoffNanos(attempt), random);
    }
}
