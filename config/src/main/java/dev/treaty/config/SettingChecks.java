package dev.treaty.config;

import dev.treaty.core.text.DurationFormat;
import java.time.Duration;

/** The checks that settings share; their messages show values as they are written in a file. */
final class SettingChecks {
    private SettingChecks() {}

    static <C extends Comparable<C>> void within(String name, C value, C min, C max) {
        if (value.compareTo(min) < 0 || value.compareTo(max) > 0) {
            throw new IllegalArgumentException(name + " is " + text(value) + ": use " + text(min) + " to " + text(max));
        }
    }

    private static String text(Object value) {
        return value instanceof Duration duration ? DurationFormat.write(duration) : value.toString();
    }

    static void notBlank(String name, String value) {
        if (value.isBlank()) {
            throw new IllegalArgumentException(name + " is empty: set a value, or remove the key");
        }
    }
}
