package dev.treaty.resilience.breaker;

import java.util.Arrays;

/**
 * Counts the outcomes of the calls of the last seconds, in ten buckets, and drops the oldest bucket as time passes. A
 * bucket is exact up to two billion calls. There are buckets instead of a decaying average because an average hides a
 * short burst of failures.
 */
public final class TimeWindow extends OutcomeWindow {
    static final int BUCKETS = 10;

    // Each kind of count has a bucket for each tenth of the window.
    private static final int CALLS = 0;
    private static final int FAILURES = BUCKETS;
    private static final int SLOW = 2 * BUCKETS;

    private final int[] counts = new int[3 * BUCKETS];
    private final long bucketNanos;
    private int current;

    public TimeWindow(long windowNanos, int stripes, long now) {
        super(stripes, now + bucketNanos(windowNanos));
        this.bucketNanos = bucketNanos(windowNanos);
    }

    private static long bucketNanos(long windowNanos) {
        return Math.max(1, windowNanos / BUCKETS);
    }

    @Override
    void put(long successes) {
        increase(CALLS, successes);
    }

    @Override
    void put(boolean failed, boolean slow) {
        increase(CALLS, 1);
        increase(FAILURES, failed ? 1 : 0);
        increase(SLOW, slow ? 1 : 0);
    }

    private void increase(int kind, long by) {
        counts[kind + current] = Math.clamp(counts[kind + current] + by, 0, Integer.MAX_VALUE);
    }

    @Override
    long expire(long now, long due) {
        long passed = (now - due) / bucketNanos + 1;
        for (long i = Math.min(passed, BUCKETS); i > 0; i--) {
            current = (current + 1) % BUCKETS;
            counts[CALLS + current] = 0;
            counts[FAILURES + current] = 0;
            counts[SLOW + current] = 0;
        }
        return due + passed * bucketNanos;
    }

    @Override
    Counts count(int failuresInRow) {
        return new Counts(sum(CALLS), sum(FAILURES), sum(SLOW), failuresInRow);
    }

    private long sum(int kind) {
        return Arrays.stream(counts, kind, kind + BUCKETS).asLongStream().sum();
    }
}
