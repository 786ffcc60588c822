package dev.treaty.resilience;

import java.util.concurrent.atomic.AtomicLongArray;

/**
 * What a guard has counted, ever. Calls are counted by every one of them, so each processor has a copy of that counter;
 * everything else is rare.
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

    private final int stripes;
    private final AtomicLongArray calls;
    private final AtomicLongArray counts = new AtomicLongArray(COUNTS);

    Tally(int stripes) {
        this.stripes = stripes;
        this.calls = new AtomicLongArray(stripes * Stripes.SPACING);
    }

    void call() {
        calls.getAndIncrement(Stripes.mine(stripes) * Stripes.SPACING);
    }

    @SuppressWarnings("EnumOrdinal") // the array has one place per constant, and is never stored
    void add(Count count) {
        counts.getAndIncrement(count.ordinal());
    }

    long calls() {
        long sum = 0;
        for (int i = 0; i < stripes; i++) {
            sum += calls.get(i * Stripes.SPACING);
        }
        return sum;
    }

    /** Every count, in the order of {@link Count}, and then the calls. */
    long[] all() {
        var all = new long[COUNTS + 1];
        for (int i = 0; i < COUNTS; i++) {
            all[i] = counts.get(i);
        }
        all[COUNTS] = calls();
        return all;
    }
}
