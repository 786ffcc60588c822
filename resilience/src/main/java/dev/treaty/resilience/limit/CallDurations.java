package dev.treaty.resilience.limit;

import dev.treaty.resilience.internal.Stripes;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * The durations of the calls of one operation, added by many threads and summed by one. Each stripe is one word to
 * which every call adds once: one call in the upper bits, and its duration in the lower bits. Words only grow, and what
 * is summed is the difference between two readings, so that no call is counted twice, or lost between two readings.
 */
public final class CallDurations {
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

    /** The calls of a window from which the baseline falls to its average at once; with fewer it falls in part. */
    private static final double TRUSTED_CALLS = 100;

    private final int stripes;
    private final AtomicLongArray words;
    private final long[] wordsBefore;
    private long calls;
    private double nanos;
    private final AtomicLong slow = new AtomicLong();
    private volatile double baselineNanos = Double.POSITIVE_INFINITY;

    public CallDurations(int stripes) {
        this.stripes = stripes;
        this.words = new AtomicLongArray(Stripes.at(stripes - 1) + 1);
        this.wordsBefore = new long[stripes];
    }

    /** Adds a call. */
    public void add(long callNanos) {
        long ticks = Math.clamp(callNanos >> TICK_BITS, TICKS_MIN, TICKS_MAX);
        words.getAndAdd(Stripes.at(Stripes.mine(stripes)), CALL + ticks);
        if (callNanos >= AdaptiveLimit.TOLERANCE * baselineNanos) {
            slow.incrementAndGet();
        }
    }

    /** Sums up the calls since the window began, and returns their number. This and all below are not thread-safe. */
    public long sum() {
        for (int stripe = 0; stripe < stripes; stripe++) {
            long word = words.get(Stripes.at(stripe));
            long added = word - wordsBefore[stripe];
            calls += added >>> TICKS_BITS;
            nanos += (double) ((added & (CALL - 1)) << TICK_BITS);
            wordsBefore[stripe] = word;
        }
        return calls;
    }

    /** The sum of the durations. */
    public double nanos() {
        return nanos;
    }

    /** The number of calls that took longer than an adaptive limit tolerates. */
    long slow() {
        return slow.get();
    }

    /** What the sum of the durations would be if no call had queued. */
    double busyNanos() {
        return calls == 0 ? 0 : calls * baselineNanos;
    }

    /** Learns the baseline from the calls, and at once if they cannot have queued. */
    void learn(boolean falls, boolean unqueued) {
        double mean = nanos / Math.max(1, calls);
        double before = baselineNanos;
        if (calls > 0 && (unqueued || before == Double.POSITIVE_INFINITY)) {
            baselineNanos = mean;
        } else if (calls > 0 && falls && mean < before) {
            baselineNanos = before + Math.min(1, calls / TRUSTED_CALLS) * (mean - before);
        }
    }

    /** Begins the next window. */
    void next() {
        calls = 0;
        nanos = 0;
        slow.set(0);
    }
}
