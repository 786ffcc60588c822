package dev.treaty.core.text;

import java.time.Duration;

/** Checks that a value is in a range; the message shows values as they are written in a configuration. */
public final class Range {
    private Range() {}

    /**
     * Checks that a value is from {@code min} to {@code max}.
     *
     * @throws IllegalArgumentException if it is not
     */
    public static <C extends Comparable<C>> void check(String name, C value, C min, C max) {
        if (value.compareTo(min) < 0 || value.compareTo(max) > 0) {
            throw new IllegalArgumentException(name + " is " + text(value) + ": use " + text(min) + " to " + text(max));
        }
    }

    private static String text(Object value) {
        return value instanceof Duration duration ? DurationFormat.write(duration) : value.toString();
    }
}
