package dev.treaty.balance;

import java.time.Duration;

/** What policies refuse, in one wording. */
final class PolicyChecks {
    static final Duration DAY = Duration.ofDays(1);

    private PolicyChecks() {}

    static void within(String name, long value, long min, long max) {
        if (value < min || value > max) {
            throw new IllegalArgumentException(name + " is " + value + ": use " + min + " to " + max);
        }
    }

    static void within(String name, double value, double min, double max) {
        if (!(value >= min && value <= max)) {
            throw new IllegalArgumentException(name + " is " + value + ": use " + min + " to " + max);
        }
    }

    static void within(String name, Duration value, Duration min, Duration max) {
        if (value.compareTo(min) < 0 || value.compareTo(max) > 0) {
            throw new IllegalArgumentException(name + " is " + value + ": use " + min + " to " + max);
        }
    }
}
