package dev.treaty.resilience.internal;

import java.util.concurrent.atomic.AtomicLongArray;

/**
 * The counters of a guard. What every call may count is striped, one copy for each processor; the other counters are
 * incremented rarely and use the words between the stripes.
 */
public final class GuardCounters {
    /** The counters; the first {@value #STRIPED} are striped. */
    public enum Count {
        CALLS,
        FAILED,
        BREAKER_OPEN,
        RETRIES,
        RETRIED_CALLS,
        HEDGES,
        HEDGES_WON,
        DETACHED,
        RATE_LIMITED,
        CONCURRENCY_LIMITED,
        THROTTLED,
        FALLBACKS_SERVED,
        FALLBACKS_FAILED
    }

    public static final int COUNTS = Count.values().length;
    private static final int STRIPED = 3;
    private static final int BEFORE = Stripes.at(0);

    private static final long[] NONE = {};

    private final int stripes;
    private final AtomicLongArray words;
    private volatile long[] atReset = NONE;

    public GuardCounters(int stripes) {
        this.stripes = stripes;
        this.words = new AtomicLongArray(Math.max(Stripes.at(stripes - 1) + STRIPED, unstriped(COUNTS - 1) + 1));
    }

    @SuppressWarnings("EnumOrdinal")
    public // the place of each constant, which is never stored
    void add(Count count) {
        int number = count.ordinal();
        words.getAndIncrement(number < STRIPED ? Stripes.at(Stripes.mine(stripes)) + number : unstriped(number));
    }

    /** Returns the word of an unstriped counter, before the first stripe or after its counters. */
    private static int unstriped(int number) {
        int index = number - STRIPED;
        return index < BEFORE ? index : index + STRIPED;
    }

    /** Returns the number of calls, ever. */
    public long calls() {
        return striped(0);
    }

    private long striped(int number) {
        long sum = 0;
        for (int stripe = 0; stripe < stripes; stripe++) {
            sum += words.get(Stripes.at(stripe) + number);
        }
        return sum;
    }

    /** Adds all counters since the last reset to sums in the order of {@link Count}. */
    public void addTo(long[] sums) {
        long[] before = atReset;
        long[] now = all();
        for (int number = 0; number < COUNTS; number++) {
            sums[number] += now[number] - (before.length == 0 ? 0 : before[number]);
        }
    }

    private long[] all() {
        var all = new long[COUNTS];
        for (int number = 0; number < COUNTS; number++) {
            all[number] = number < STRIPED ? striped(number) : words.get(unstriped(number));
        }
        return all;
    }

    /** Sets the counters to zero for {@link #addTo}; {@link #calls} continues. */
    public void reset() {
        atReset = all();
    }
}
