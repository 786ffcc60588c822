package dev.treaty.balance;

import java.time.Duration;

/** Range checks of policies, with one message format. */
final class PolicyChecks {
    static final Duration DAY = Duration.ofDays(1);

    private PolicyChecks() {}

    static <T extends Comparable<T>> void within(String name, T value, T min, T max) {
        if (value.compareTo(min) < 0 || value.compareTo(max) > 0) { // NaN is greater than every number
            throw new IllegalArgumentException(name + " is " + value + ": use " + min + " to " + max);
        }
    }
}
