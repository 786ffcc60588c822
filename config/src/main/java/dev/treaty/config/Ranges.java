package dev.treaty.config;

import java.time.Duration;

/** What settings refuse, in one wording. */
final class Ranges {
    private Ranges() {}

    static void within(String name, long value, long min, long max) {
        if (value < min || value > max) {
            throw new IllegalArgumentException(name + " is " + value + ": use " + min + " to " + max);
        }
    }

    static void within(String name, Duration value, Duration min, Duration max) {
        if (value.compareTo(min) < 0 || value.compareTo(max) > 0) {
            throw new IllegalArgumentException(name + " is " + Text.writeDuration(value) + ": use "
                    + Text.writeDuration(min) + " to " + Text.writeDuration(max));
        }
    }

    static void filled(String name, String value) {
        if (value.isBlank()) {
            throw new IllegalArgumentException(name + " is empty: write one");
        }
    }
}
