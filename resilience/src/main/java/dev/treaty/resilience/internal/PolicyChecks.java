package dev.treaty.resilience.internal;

import java.time.Duration;
import java.util.Locale;

/** Validates the components of policies, with one wording for all messages. */
public final class PolicyChecks {
    public static final Duration DAY = Duration.ofDays(1);

    private PolicyChecks() {}

    /** Rejects an invalid value; the message ends with what is accepted. */
    public static void require(boolean valid, String name, Object value, String accepted) {
        if (!valid) {
            throw new IllegalArgumentException(name + " is " + value + ": use " + accepted);
        }
    }

    public static void atLeast(String name, long value, long min) {
        require(value >= min, name, value, min + " or more");
    }

    public static void within(String name, long value, long min, long max) {
        atLeast(name, value, min);
        require(value <= max, name, value, "at most " + max);
    }

    public static void within(String name, double value, double min, double max) {
        require(value >= min && value <= max, name, value, text(min) + " to " + text(max)); // rejects NaN too
    }

    /** Accepts a duration of more than zero, up to a day. */
    public static void positive(String name, Duration value) {
        require(value.isPositive(), name, value, "more than zero");
        upToADay(name, value);
    }

    /** Accepts a duration of zero, up to a day. */
    public static void upToADay(String name, Duration value) {
        require(!value.isNegative(), name, value, "zero or more");
        require(value.compareTo(DAY) <= 0, name, value, "at most a day");
    }

    public static void notShorter(String name, Duration value, String otherName, Duration other) {
        if (value.compareTo(other) < 0) {
            throw new IllegalArgumentException(
                    name + " (" + value + ") is shorter than " + otherName + " (" + other + ")");
        }
    }

    /** Returns a duration as it is written in a configuration, such as {@code 1.5s}. */
    public static String text(Duration duration) {
        return duration.isZero() ? "0s" : duration.toString().substring(2).toLowerCase(Locale.ROOT);
    }

    /** Returns a number, without decimals if it is whole. */
    public static String text(double value) {
        return value == Math.rint(value) ? Long.toString((long) value) : Double.toString(value);
    }

    /** Returns a constant as it is written in a configuration. */
    public static String text(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }
}
