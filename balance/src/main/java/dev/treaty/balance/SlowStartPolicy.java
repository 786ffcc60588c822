package dev.treaty.balance;

import java.time.Duration;

/**
 * How instances that are new, or have come back, get their share: growing from {@code share} to all of it over {@code
 * window}. A virtual machine that has just started is slow until its code is compiled; with its full share at once, a
 * tenth of all calls would find out. How old an instance is, it says itself ({@code startedAt}), so that a client that
 * has just started does not take the old for new.
 *
 * <p>The least share is a promise: a cold instance that is slower than the others gets it all the same, since it would
 * never become warm without calls. What is above it, it must earn by its latency.
 *
 * @param window how long the share grows; nothing switches it off
 * @param share the share at the start, of what a warm instance gets
 * @param aggression how it grows: 1 evenly, more than 1 faster at the beginning
 */
public record SlowStartPolicy(Duration window, double share, double aggression) {
    /** Over 10 s, evenly, from a tenth. */
    public static final SlowStartPolicy DEFAULT = new SlowStartPolicy(Duration.ofSeconds(10), 0.1, 1);

    /** No slow start. */
    public static final SlowStartPolicy NONE = new SlowStartPolicy(Duration.ZERO, 0.1, 1);

    /** @throws IllegalArgumentException where a value is out of range; the message says which, and what is accepted */
    public SlowStartPolicy {
        PolicyChecks.within("window", window, Duration.ZERO, PolicyChecks.DAY);
        PolicyChecks.within("share", share, 0.01, 1);
        PolicyChecks.within("aggression", aggression, 0.1, 10);
    }

    /** The share of an instance of that age. */
    double share(long ageNanos) {
        long whole = window.toNanos();
        if (ageNanos >= whole) {
            return 1;
        }
        double passed = Math.max(0, ageNanos) / (double) whole;
        return Math.max(share, Math.pow(passed, 1 / aggression));
    }
}
