package dev.treaty.resilience;

import dev.treaty.core.call.Code;
import dev.treaty.core.contract.Description;
import dev.treaty.core.text.Accepted;
import dev.treaty.resilience.internal.PolicyChecks;
import java.time.Duration;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * When and how often a failed attempt is retried.
 *
 * @param attempts the maximum number of attempts of a call, including the first; 1 means no retry
 * @param backoff the pause before the second attempt, before jitter
 * @param backoffMax the longest pause, before jitter
 * @param multiplier the factor by which each pause is longer than the previous
 * @param jitter how pauses are randomized
 * @param on the retryable codes; without {@link Code#DEADLINE_EXCEEDED} attempts have no timeout of their own
 * @param budget how many retries each call adds to the budget of the service: 0.2 lets retries add at most a fifth
 * @param budgetPerSecond how many retries each second adds to the budget, so that rare calls may be retried too
 */
public record RetryPolicy(
        @Description("The most attempts of a call, the first included.") @Accepted(min = "1", max = "10")
        int attempts,

        @Description("The pause before the second attempt.") @Accepted(min = "1ns", max = "1d")
        Duration backoff,

        @Description("The longest pause.") @Accepted(min = "1ns", max = "1d", value = "not shorter than `backoff`")
        Duration backoffMax,

        @Description("The factor between consecutive pauses.") @Accepted(min = "1", max = "100")
        double multiplier,

        @Description("How pauses are randomised: `full` from zero, `equal` from half.")
        Jitter jitter,

        @Description("The retryable codes.") List<Code> on,

        @Description(
                "Retries that each call earns, shared by all callers of the service, or of an operation with its own"
                        + " policy.")
        @Accepted(min = "0", max = "1")
        double budget,

        @Description("Retries earned per second whatever the traffic.") @Accepted(min = "0", max = "1000000")
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

    /** The largest number of attempts. */
    public static final int ATTEMPTS_MAX = 10;

    /** @throws IllegalArgumentException if a value is out of range; the message contains the accepted range */
    public RetryPolicy {
        PolicyChecks.within("attempts", attempts, 1, ATTEMPTS_MAX);
        PolicyChecks.positive("backoff", backoff);
        PolicyChecks.positive("backoff-max", backoffMax);
        PolicyChecks.notShorter("backoff-max", backoffMax, "backoff", backoff);
        PolicyChecks.within("multiplier", multiplier, 1.0, 100.0);
        on = List.copyOf(on);
        PolicyChecks.within("budget", budget, 0.0, 1.0);
        PolicyChecks.within("budget-per-second", budgetPerSecond, 0.0, 1_000_000.0);
    }

    /** Returns the same policy with another number of attempts. */
    public RetryPolicy withAttempts(int changed) {
        return new RetryPolicy(changed, backoff, backoffMax, multiplier, jitter, on, budget, budgetPerSecond);
    }

    /** Returns whether a timeout may be retried; otherwise there is no use in ending an attempt before the deadline. */
    public boolean retriesTimeouts() {
        return attempts > 1 && on.contains(Code.DEADLINE_EXCEEDED);
    }

    /** Returns the pause after an attempt before jitter, in nanoseconds. */
    public long backoffNanos(int attempt) {
        double nanos = (double) backoff.toNanos() * Math.pow(multiplier, attempt - 1.0);
        return (long) Math.min(nanos, (double) backoffMax.toNanos());
    }

    /** Returns the pause after an attempt, jitter included, in nanoseconds. */
    public long pauseNanos(int attempt, RandomGenerator random) {
        return jitter.spread(backoffNanos(attempt), random);
    }
}
