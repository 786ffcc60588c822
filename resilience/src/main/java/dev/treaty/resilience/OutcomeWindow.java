package dev.treaty.resilience;

import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Counts successes and failures over a sliding window of ten buckets: exact for the buckets it holds, forgetting the
 * oldest tenth at a time. One long per bucket packs its period (24 bit), its failures and its calls (20 bit each), so
 * that adding is one compare-and-set.
 */
final class OutcomeWindow {
    private static final int BUCKETS = 10;
    private static final int COUNT_BITS = 20;
    private static final long COUNT_MAX = (1L << COUNT_BITS) - 1;
    private static final long PERIOD_MASK = (1L << 24) - 1;

    private final long bucketNanos;
    private final long origin;
    private final AtomicLongArray buckets = new AtomicLongArray(BUCKETS);

    OutcomeWindow(long windowNanos, long now) {
        this.bucketNanos = Math.max(1, windowNanos / BUCKETS);
        this.origin = now - bucketNanos; // so that the first period is 1 and an untouched bucket belongs to none
    }

    void add(boolean failed, long now) {
        long period = (now - origin) / bucketNanos;
        int index = (int) (period % BUCKETS);
        long before;
        long after;
        do {
            before = buckets.get(index);
            long kept = before >>> (2 * COUNT_BITS) == (period & PERIOD_MASK) ? before : 0;
            long calls = Math.min(COUNT_MAX, (kept & COUNT_MAX) + 1);
            long failures = Math.min(COUNT_MAX, (kept >>> COUNT_BITS & COUNT_MAX) + (failed ? 1 : 0));
            after = (period & PERIOD_MASK) << (2 * COUNT_BITS) | failures << COUNT_BITS | calls;
        } while (!buckets.compareAndSet(index, before, after));
    }

    int calls(long now) {
        return sum(now, 0);
    }

    int failures(long now) {
        return sum(now, COUNT_BITS);
    }

    private int sum(long now, int shift) {
        long period = (now - origin) / bucketNanos;
        int sum = 0;
        for (int i = 0; i < BUCKETS; i++) {
            long bucket = buckets.get(i);
            long age = (period - (bucket >>> (2 * COUNT_BITS))) & PERIOD_MASK;
            if (age < BUCKETS) {
                sum += (int) (bucket >>> shift & COUNT_MAX);
            }
        }
        return sum;
    }
}
