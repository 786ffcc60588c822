package dev.treaty.resilience;

import java.util.concurrent.atomic.AtomicLongArray;

/**
 * What a guard has counted, ever. Calls are counted by every one of them, so each processor has a copy of that counter;
 * everything else is rare, and stands in the words that are left between the copies.
 */
final class Tally {
    /** What is counted besides calls. */
    enum Count {
        FAILED,
        RETRIES,
        RETRIED_CALLS,
        HEDGES,
        HEDGES_WON,
        DETACHED,
        RATE_LIMITED,
        CONCURRENCY_LIMITED,
        THROTTLED,
        BREAKER_OPEN,
        FALLBACKS_SERVED,
        FALLBACKS_FAILED
    }

    private static final int COUNTS = Count.values().length;
    private static final int SPARE = Stripes.SPACING - 1;
    private static final int LINES_MIN = (COUNTS + SPARE - 1) / SPARE;

    private final int stripes;
    private final AtomicLongArray words;

    Tally(int stripes) {
        this.stripes = stripes;
        this.words = new AtomicLongArray(Math.max(stripes, LINES_MIN) * Stripes.SPACING);
    }

    void call() {
        words.getAndIncrement(Stripes.mine(stripes) * Stripes.SPACING);
    }

    @SuppressWarnings("EnumOrdinal") // each constant has its place, which is never stored
    void add(Count count) {
        words.getAndIncrement(place(count.ordinal()));
    }

    private static int place(int count) {
        return count / SPARE * Stripes.SPACING + 1 + count % SPARE;
    }

    long calls() {
        long sum = 0;
        for (int i = 0; i < stripes; i++) {
            sum += words.get(i * Stripes.SPACING);
        }
        return sum;
    }

    /** Every count, in the order of {@link Count}, and then the calls. */
    long[] all() {
        var all = new long[COUNTS + 1];
        for (int i = 0; i < COUNTS; i++) {
            all[i] = words.get(place(i));
        }
        all[COUNTS] = calls();
        return all;
    }
}
