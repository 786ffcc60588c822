package dev.treaty.resilience.limit;

import dev.treaty.resilience.internal.Stripes;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import org.jspecify.annotations.Nullable;

/**
 * Collects the durations of the calls of a period, from which an adaptive limit is computed. Many threads add
 * durations, and one reads their sum. Each stripe is one word to which every call adds once: one call in the upper
 * bits, and its duration in the lower bits. Words only grow, and a window is the difference between two readings, so
 * that no call is counted twice, or lost between two windows.
 */
public final class SampleWindow {
    /** The shortest length of a window. */
    public static final Duration LENGTH = Duration.ofSeconds(1);

    /** The least number of calls in a window; it continues until it has them. */
    public static final int CALLS_MIN = 10;

    /**
     * Shorter calls count as this long: below, differences come from the scheduler and not from a queue. Excluding such
     * calls, as other libraries do, would let the remaining calls pass for typical.
     */
    static final Duration CALL_MIN = Duration.ofNanos(100_000);

    /** Longer calls count as this long, so that the sum of all calls that can run at a time fits its bits. */
    static final Duration CALL_MAX = Duration.ofSeconds(60);

    private static final int TICK_BITS = 12; // a tick is 4096 ns
    private static final int TICKS_BITS = 40;
    private static final long CALL = 1L << TICKS_BITS;
    private static final long TICKS_MIN = CALL_MIN.toNanos() >> TICK_BITS;
    private static final long TICKS_MAX = CALL_MAX.toNanos() >> TICK_BITS;

    /**
     * The number of calls in a window, with their average duration and concurrency.
     *
     * @param calls calls that were not dropped
     * @param drops calls that were dropped
     * @param meanNanos the average duration of the calls that were not dropped
     * @param inFlight the average number of them that ran at a time, by Little's law
     */
    public record Sample(long calls, long drops, double meanNanos, double inFlight) {}

    private final int stripes;
    private final AtomicLongArray words;
    private final AtomicLong drops = new AtomicLong();
    private final long[] wordsBefore;
    private long dropsBefore;
    private long beganAt;
    private volatile long endsAt;

    public SampleWindow(int stripes, long now) {
        this.stripes = stripes;
        this.words = new AtomicLongArray(Stripes.at(stripes - 1) + 1);
        this.wordsBefore = new long[stripes];
        begin(now);
    }

    private void begin(long now) {
        beganAt = now;
        endsAt = now + LENGTH.toNanos();
    }

    /** Adds a call. */
    public void add(long nanos, boolean dropped) {
        if (dropped) {
            drops.incrementAndGet();
        } else {
            long ticks = Math.clamp(nanos >> TICK_BITS, TICKS_MIN, TICKS_MAX);
            words.getAndAdd(Stripes.at(Stripes.mine(stripes)), CALL + ticks);
        }
    }

    /** Returns whether the window has lasted long enough. */
    public boolean over(long now) {
        return now - endsAt >= 0;
    }

    /** Ends the window and begins the next; returns null if it has too few calls and continues. Not thread-safe. */
    @Nullable
    public Sample close(long now) {
        long calls = 0;
        long ticks = 0;
        long dropsNow = drops.get();
        long[] wordsNow = new long[stripes];
        for (int stripe = 0; stripe < stripes; stripe++) {
            wordsNow[stripe] = words.get(Stripes.at(stripe));
            long added = wordsNow[stripe] - wordsBefore[stripe];
            calls += added >>> TICKS_BITS;
            ticks += added & (CALL - 1);
        }
        long dropped = dropsNow - dropsBefore;
        if (calls + dropped < CALLS_MIN) {
            return null;
        }
        double nanos = (double) (ticks << TICK_BITS);
        var sample = new Sample(calls, dropped, nanos / Math.max(1, calls), nanos / (now - beganAt));
        System.arraycopy(wordsNow, 0, wordsBefore, 0, stripes);
        dropsBefore = dropsNow;
        begin(now);
        return sample;
    }
}
