package dev.treaty.cli.output;

import java.util.Locale;

/** Formats durations for tables, with three significant digits. */
public final class Durations {
    private Durations() {}

    /** Formats nanoseconds as milliseconds: {@code 0.42 ms}, {@code 12.3 ms}, {@code 1234 ms}. */
    public static String text(long nanos) {
        double millis = nanos / 1e6;
        return String.format(Locale.ROOT, millis < 1 ? "%.2f ms" : millis < 100 ? "%.1f ms" : "%.0f ms", millis);
    }
}
