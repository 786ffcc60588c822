package dev.treaty.resilience.internal;

import java.util.concurrent.atomic.AtomicLongArray;

/**
 * What a guard has counted, ever. What may be counted by every call has a copy for each processor; everything else is
 * rare, and stands in the words that are left between the copies.
 */
public final class GuardCounters {
    /** What is counted besides calls; the first {@value #STRIPED} of them in copies. */
    public enum Count {
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

    private static final int COUNTS = Count.values().length;
    private static final int STRIPED = 2;
    private static final int COPIED = 1 + STRIPED; // the calls are the first
    private static final int BEFORE = Stripes.at(0);

    private final int stripes;
    private final AtomicLongArray words;

    public GuardCounters(int stripes) {
        this.stripes = stripes;
        int copies = Stripes.at(stripes - 1) + COPIED;
        this.words = new AtomicLongArray(Math.max(copies, place(COUNTS - STRIPED - 1) + 1));
    }

    public void call() {
        words.getAndIncrement(Stripes.at(Stripes.mine(stripes)));
    }

    @SuppressWarnings("EnumOrdinal")
    public // each constant has its place, which is never stored
    void add(Count count) {
        int number = count.ordinal();
        words.getAndIncrement(
                number < STRIPED ? Stripes.at(Stripes.mine(stripes)) + 1 + number : place(number - STRIPED));
    }

    /** Before the first copy, and behind it. */
    private static int place(int rare) {
        return rare < BEFORE ? rare : rare + COPIED;
    }

    private long sum(int word) {
        long sum = 0;
        for (int i = 0; i < stripes; i++) {
            sum += words.get(Stripes.at(i) + word);
        }
        return sum;
    }

    public long calls() {
        return sum(0);
    }

    /** Every count, in the order of {@link Count}, and then the calls; {@link #of} finds one among them. */
    public long[] all() {
        var all = new long[COUNTS + 1];
        for (int i = 0; i < COUNTS; i++) {
            all[i] = i < STRIPED ? sum(1 + i) : words.get(place(i - STRIPED));
        }
        all[COUNTS] = calls();
        return all;
    }

    /** That count among {@linkplain #all all}. */
    @SuppressWarnings("EnumOrdinal")
    public // as they are put there
    static long of(long[] all, Count count) {
        return all[count.ordinal()];
    }

    /** The calls among all counts. */
    public static long callsOf(long[] all) {
        return all[COUNTS];
    }
}
