package dev.treaty.resilience.internal;

import dev.treaty.core.time.Time;

/**
 * Copies of a counter, so that threads on different processors do not write to the same cache line: one shared
 * compare-and-set costs 5 ns alone and 50 to 150 between two processors. A thread always uses the same copy, and each
 * copy begins on a line of its own.
 */
public final class Stripes {
    /** How many longs lie between the beginnings of two copies: a cache line of 64 bytes. */
    public static final int SPACING = 8;

    private static final int COUNT_MAX = 8;
    private static final int MACHINE = Math.min(
            COUNT_MAX,
            Integer.highestOneBit(2 * Math.max(1, Runtime.getRuntime().availableProcessors()) - 1));

    private Stripes() {}

    /**
     * How many copies to keep, a power of two. Under any time but the machine's own it is one: tests and simulations
     * run one thread at a time, and which copy a thread uses must not change what happens.
     */
    @SuppressWarnings("ReferenceEquality")
    public // the machine's own time is one object
    static int count(Time time) {
        return Time.system().equals(time) ? MACHINE : 1;
    }

    /**
     * Where a copy begins in an array of longs. The first begins a line's length behind the length of the array, which
     * is read with every access; the words before it are for what is seldom written.
     */
    public static int at(int copy) {
        return copy * SPACING + SPACING - 1;
    }

    /** The copy that the current thread uses, of that many. */
    public static int mine(int count) {
        return (int) Thread.currentThread().threadId() & (count - 1);
    }
}
