package dev.treaty.core.call;

import dev.treaty.core.time.Time;
import java.time.Duration;

/**
 * The moment after which nobody waits for the answer. It travels with the call from hop to hop, and every wait in
 * Treaty ends at it.
 *
 * @param atNanos on the clock of {@link Time#nanoTime()}, comparable only within this process
 */
public record Deadline(long atNanos) {
    /** The longest time a call may have; longer wishes are cut to it. */
    public static final Duration MAX = Duration.ofDays(1);

    /** The deadline that far from now. */
    public static Deadline after(Duration duration, Time time) {
        return afterNanos(duration.compareTo(MAX) > 0 ? MAX.toNanos() : duration.toNanos(), time);
    }

    /** The deadline that many nanoseconds from now. */
    public static Deadline afterNanos(long nanos, Time time) {
        return new Deadline(time.nanoTime() + Math.min(nanos, MAX.toNanos()));
    }

    /** What is left, in nanoseconds; zero or less once it has passed. */
    public long remainingNanos(Time time) {
        return atNanos - time.nanoTime();
    }

    /** True once it has passed. */
    public boolean expired(Time time) {
        return remainingNanos(time) <= 0;
    }

    /** The earlier of the two: a hop may shorten a deadline, never lengthen it. */
    public Deadline earlier(Deadline other) {
        return atNanos - other.atNanos <= 0 ? this : other;
    }
}
