package dev.treaty.core.call;

import dev.treaty.core.time.Durations;
import dev.treaty.core.time.Time;
import java.time.Duration;

/**
 * The moment at which the caller stops waiting for the response. It is sent with the call from hop to hop, and every
 * wait for the call ends at it.
 *
 * @param atNanos a value of {@link Time#nanoTime()}, comparable only within this process
 */
public record Deadline(long atNanos) {
    /** The maximum duration of a call; longer ones are reduced to it. */
    public static final Duration MAX = Duration.ofDays(1);

    /** Returns the deadline at the end of a duration that starts now. */
    public static Deadline after(Duration duration, Time time) {
        return afterNanos(Durations.nanos(duration), time);
    }

    /** Returns the deadline at the end of a duration in nanoseconds that starts now. */
    public static Deadline afterNanos(long nanos, Time time) {
        return new Deadline(time.nanoTime() + Math.min(nanos, MAX.toNanos()));
    }

    /** Returns the remaining time in nanoseconds; zero or negative after the deadline. */
    public long remainingNanos(Time time) {
        return atNanos - time.nanoTime();
    }

    /** Returns true after the deadline. */
    public boolean expired(Time time) {
        return remainingNanos(time) <= 0;
    }

    /** Returns the earlier of two deadlines: a hop may shorten a deadline and never extends it. */
    public Deadline earlier(Deadline other) {
        return atNanos - other.atNanos <= 0 ? this : other;
    }
}
