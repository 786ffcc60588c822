package dev.treaty.config;

import java.time.Duration;

/** What settings refuse, in one wording. */
final class SettingChecks {
    private SettingChecks() {}

    static void within(String name, long value, long min, long max) {
        if (value < min || value > max) {
            throw new IllegalArgumentException(name + " is " + value + ": use " + min + " to " + max);
        }
    }

    static void within(String name, Duration value, Duration min, Duration max) {
        if (value.compareTo(min) < 0 || value.compareTo(max) > 0) {
            throw new IllegalArgumentException(name + " is " + ValueFormat.writeDuration(value) + ": use "
                    + ValueFormat.writeDuration(min) + " to " + ValueFormat.writeDuration(max));
        }
    }

    static void filled(String name, String value) {
        if (value.isBlank()) {
            throw new IllegalArgumentException(name + " is empty: write one");
        }
    }
}
