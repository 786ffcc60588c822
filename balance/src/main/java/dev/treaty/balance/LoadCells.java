package dev.treaty.balance;

/** Keeps the cells below away from whatever lies before them in memory. A virtual machine lays out parents first. */
class LoadMargin {
    long before0;
    long before1;
    long before2;
    long before3;
    long before4;
    long before5;
    long before6;
    long before7;
}

/** What {@link Load} counts in: one cache line, which no other object's writes disturb. */
class LoadCells extends LoadMargin {
    /** Calls under way in the lowest {@link Load#IN_FLIGHT_BITS}, calls that have ended in the others. */
    volatile long calls;

    /** The mean latency in nanoseconds as a float above, the tick of its last change below. */
    volatile long latency;

    /** Ended calls that failed. */
    volatile long failures;

    /** Ended calls that took longer than {@link #slowNanos}. */
    volatile long slow;

    /** From which latency on a call is slow; kept by whoever compares instances. */
    volatile float slowNanos = Float.MAX_VALUE;

    /** One of the constants of {@link Load}: whether a picker may take the instance without a second look. */
    volatile int standing;
}
