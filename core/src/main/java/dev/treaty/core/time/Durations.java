package dev.treaty.core.time;

import java.time.Duration;

/** Converts durations that users give, of any length, without overflow. */
public final class Durations {
    /** The largest result, 146 years: a moment that far away is still comparable with any reading of the clock. */
    private static final long NANOS_MAX = Long.MAX_VALUE / 2;

    private static final Duration MAX = Duration.ofNanos(NANOS_MAX);
    private static final Duration MIN = Duration.ofNanos(-NANOS_MAX);

    private Durations() {}

    /** Returns a duration in nanoseconds; one that is too long becomes the longest there is, about 146 years. */
    public static long nanos(Duration duration) {
        if (duration.compareTo(MAX) >= 0) {
            return NANOS_MAX;
        }
        return duration.compareTo(MIN) <= 0 ? -NANOS_MAX : duration.toNanos();
    }
}
