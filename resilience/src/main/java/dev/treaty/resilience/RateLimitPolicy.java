package dev.treaty.resilience;

import dev.treaty.core.contract.Description;
import dev.treaty.core.text.Accepted;
import dev.treaty.resilience.internal.PolicyChecks;
import java.time.Duration;

/**
 * A rate of calls: {@code permits} in every {@code per}, evenly, and up to {@code burst} at once after idle time. Any
 * interval of length t contains at most {@code burst + t * permits / per} calls.
 *
 * @param permits the number of permits in every {@code per}; at most one per nanosecond
 * @param per the period of {@code permits}, up to a day
 * @param burst how many permits may be used at once, and the largest weight of a call
 * @param waitMax how long a call may wait for its permit; zero refuses at once
 * @param warmUp how long the rate takes to rise from a third of {@code permits} to all of them after idle time of that
 *     length; zero for a constant rate. With a warm-up the rate is at most one permit per microsecond
 */
public record RateLimitPolicy(
        @Description("How many calls in each `per`.")
        @Accepted(min = "1", value = "at most one a nanosecond, with `warm-up` one a microsecond")
        int permits,

        @Description("The period of `permits`.") @Accepted(min = "1ns", max = "1d")
        Duration per,

        @Description("How many calls may pass at once after idle time.") @Accepted(min = "1")
        int burst,

        @Description("How long a call may wait; `0s` rejects at once.") @Accepted(min = "0s", max = "1d")
        Duration waitMax,

        @Description("How long the rate takes to rise from a third after idle time.") @Accepted(min = "0s", max = "1d")
        Duration warmUp) {
    /** The longest that an empty limiter may take to have its whole burst again. */
    public static final Duration FILL_MAX = Duration.ofDays(3650);

    /** A thousand calls a second, a hundred of them at once, without waiting and without warm-up. */
    public static final RateLimitPolicy DEFAULT = perSecond(1000);

    /** @throws IllegalArgumentException if a value is out of range; the message contains the accepted range */
    public RateLimitPolicy {
        PolicyChecks.atLeast("permits", permits, 1);
        PolicyChecks.positive("per", per);
        PolicyChecks.atLeast("burst", burst, 1);
        PolicyChecks.upToADay("wait-max", waitMax);
        PolicyChecks.upToADay("warm-up", warmUp);
        String rate = permits + " in " + per;
        PolicyChecks.require(per.toNanos() >= permits, "permits", rate, "at most one per nanosecond");
        boolean warmable = warmUp.isZero() || per.toNanos() / permits >= 1000;
        PolicyChecks.require(warmable, "permits", rate, "at most one per microsecond with a warm-up");
        boolean fills = (double) burst * per.toNanos() / permits <= FILL_MAX.toNanos();
        PolicyChecks.require(fills, "burst", burst, "less, as it would take over 3650 days to fill at " + rate);
    }

    /** Returns a rate per second, with a burst of a tenth of it (at least one), without waiting. */
    public static RateLimitPolicy perSecond(int permits) {
        return new RateLimitPolicy(
                permits, Duration.ofSeconds(1), Math.max(1, permits / 10), Duration.ZERO, Duration.ZERO);
    }

    /** Returns the same policy with another burst. */
    public RateLimitPolicy withBurst(int changed) {
        return new RateLimitPolicy(permits, per, changed, waitMax, warmUp);
    }

    /** Returns the same policy with another longest wait. */
    public RateLimitPolicy withWaitMax(Duration changed) {
        return new RateLimitPolicy(permits, per, burst, changed, warmUp);
    }

    /** Returns the same policy with another warm-up. */
    public RateLimitPolicy withWarmUp(Duration changed) {
        return new RateLimitPolicy(permits, per, burst, waitMax, changed);
    }
}
