package dev.treaty.resilience.internal;

import java.time.Duration;
import java.util.Locale;

/** The checks that policies share; their messages are what a reader of a bad configuration sees. */
public final class PolicyChecks {
    public static final Duration DAY = Duration.ofDays(1);

    private PolicyChecks() {}

    public static void atLeast(String name, long value, long min) {
        if (value < min) {
            throw new IllegalArgumentException(name + " is " + value + ": use " + min + " or more");
        }
    }

    public static void atMost(String name, long value, long max) {
        if (value > max) {
            throw new IllegalArgumentException(name + " is " + value + ": use at most " + max);
        }
    }

    public static void ratio(String name, double value) {
        if (!(value >= 0 && value <= 1)) {
            throw new IllegalArgumentException(name + " is " + value + ": use 0 to 1");
        }
    }

    public static void positive(String name, Duration value) {
        if (value.isNegative() || value.isZero()) {
            throw new IllegalArgumentException(name + " is " + value + ": use more than nothing");
        }
        upToADay(name, value);
    }

    /** Accepts nothing at all, too. */
    public static void upToADay(String name, Duration value) {
        if (value.isNegative()) {
            throw new IllegalArgumentException(name + " is " + value + ": use zero or more");
        }
        if (value.compareTo(DAY) > 0) {
            throw new IllegalArgumentException(name + " is " + value + ": use at most a day");
        }
    }

    public static void notShorter(String name, Duration value, String otherName, Duration other) {
        if (value.compareTo(other) < 0) {
            throw new IllegalArgumentException(
                    name + " (" + value + ") is shorter than " + otherName + " (" + other + ")");
        }
    }

    /** A duration as a configuration has it, such as {@code 1.5s}. */
    public static String text(Duration duration) {
        return duration.isZero() ? "0s" : duration.toString().substring(2).toLowerCase(Locale.ROOT);
    }
}
