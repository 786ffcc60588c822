package dev.treaty.balance;

import dev.treaty.core.contract.Description;
import dev.treaty.core.text.Accepted;
import java.time.Duration;

/**
 * Slow start: new and recovered instances get a growing share of calls, from {@code share} to all of it over {@code
 * window}. A JVM that has just started is slow until its code is compiled; with its full share at once, many calls
 * would be slow. The age of an instance is what it reports itself ({@code startedAt}), so that a client that has just
 * started does not take old instances for new ones.
 *
 * <p>The initial share is guaranteed: a cold instance gets it even if it is slower than the others, since it could not
 * warm up without calls. Above it, a cold instance competes by latency.
 *
 * @param window how long the share grows; zero disables slow start
 * @param share the initial share, relative to a warm instance
 * @param aggression the shape of the growth: 1 is linear, more than 1 is faster at the beginning
 */
public record SlowStartPolicy(
        @Description("How long the share of a new or returning instance grows; `0s` for no slow start.")
        @Accepted(min = "0s", max = "1d")
        Duration window,

        @Description("The first share, which it gets however slow it is.") @Accepted(min = "0.01", max = "1")
        double share,

        @Description("1 grows evenly, more grows faster at the beginning.") @Accepted(min = "0.1", max = "10")
        double aggression) {
    /** Over 10 s, linear, from a tenth. */
    public static final SlowStartPolicy DEFAULT = new SlowStartPolicy(Duration.ofSeconds(10), 0.1, 1);

    /** @throws IllegalArgumentException if a value is out of range; the message names it and the accepted range */
    public SlowStartPolicy {
        PolicyChecks.within("window", window, Duration.ZERO, PolicyChecks.DAY);
        PolicyChecks.within("share", share, 0.01, 1.0);
        PolicyChecks.within("aggression", aggression, 0.1, 10.0);
    }

    /** Returns the share of an instance of that age. */
    double share(long ageNanos) {
        long whole = window.toNanos();
        if (ageNanos >= whole) {
            return 1;
        }
        double passed = Math.max(0, ageNanos) / (double) whole;
        return Math.max(share, Math.pow(passed, 1 / aggression));
    }
}
