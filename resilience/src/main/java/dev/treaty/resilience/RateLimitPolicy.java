package dev.treaty.resilience;

import dev.treaty.resilience.internal.PolicyChecks;
import java.time.Duration;

/**
 * How many calls may go through: {@code permits} in every {@code per}, evenly, and up to {@code burst} of them at once
 * after a lull. In any interval of length t at most {@code burst + t * permits / per} are let through.
 *
 * @param permits how many in every {@code per}; at most one a nanosecond
 * @param per the time that {@code permits} is counted in, up to a day
 * @param burst how many may go at once, and the most that one call can weigh
 * @param waitMax how long a call may wait for its turn; nothing means that it is refused at once
 * @param warmUp how long the rate takes to rise from a third of {@code permits} to all of them after a lull that was as
 *     long; nothing means that the rate is always the same. At most a permit a microsecond can be warmed up to
 */
public record RateLimitPolicy(int permits, Duration per, int burst, Duration waitMax, Duration warmUp) {
    /** The longest that an empty limiter may take to have its whole burst again. */
    public static final Duration FILL_MAX = Duration.ofDays(3650);

    /** A thousand a second, a hundred of them at once, without waiting and without warm-up. */
    public static final RateLimitPolicy DEFAULT =
            new RateLimitPolicy(1000, Duration.ofSeconds(1), 100, Duration.ZERO, Duration.ZERO);

    /** @throws IllegalArgumentException where a value is out of range; the message says which, and what is accepted */
    public RateLimitPolicy {
        PolicyChecks.atLeast("permits", permits, 1);
        PolicyChecks.positive("per", per);
        PolicyChecks.atLeast("burst", burst, 1);
        PolicyChecks.upToADay("wait-max", waitMax);
        PolicyChecks.upToADay("warm-up", warmUp);
        if (per.toNanos() < permits) {
            throw new IllegalArgumentException(
                    "permits is " + permits + " in " + per + ": use at most one a nanosecond");
        }
        if (!warmUp.isZero() && per.toNanos() / permits < 1000) {
            throw new IllegalArgumentException(
                    "permits is " + permits + " in " + per + ": with a warm-up, use at most one a microsecond");
        }
        if ((double) burst * per.toNanos() / permits > FILL_MAX.toNanos()) {
            throw new IllegalArgumentException("burst is " + burst + ": at " + permits + " in " + per
                    + " it would take more than " + FILL_MAX.toDays() + " days to fill, use less");
        }
    }

    /** That many a second, a tenth of them (at least one) at once; refused rather than waited for. */
    public static RateLimitPolicy perSecond(int permits) {
        return new RateLimitPolicy(
                permits, Duration.ofSeconds(1), Math.max(1, permits / 10), Duration.ZERO, Duration.ZERO);
    }

    /** The same policy with another burst. */
    public RateLimitPolicy withBurst(int changed) {
        return new RateLimitPolicy(permits, per, changed, waitMax, warmUp);
    }

    /** The same policy with another time to wait. */
    public RateLimitPolicy withWaitMax(Duration changed) {
        return new RateLimitPolicy(permits, per, burst, changed, warmUp);
    }

    /** The same policy with another warm-up. */
    public RateLimitPolicy withWarmUp(Duration changed) {
        return new RateLimitPolicy(permits, per, burst, waitMax, changed);
    }
}
