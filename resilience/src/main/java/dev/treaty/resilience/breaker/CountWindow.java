package dev.treaty.resilience.breaker;

import java.util.BitSet;

/** The last so many outcomes, exactly, however long ago they were. */
public final class CountWindow extends OutcomeWindow {
    private final int capacity;
    private final BitSet failed;
    private final BitSet slow;
    private int next;
    private int size;

    public CountWindow(int capacity, int stripes, long now) {
        super(stripes, 0, now + Long.MAX_VALUE); // as long as the clock runs, nothing grows too old
        this.capacity = capacity;
        this.failed = new BitSet(capacity);
        this.slow = new BitSet(capacity);
    }

    @Override
    void put(long successes) {
        int fresh = (int) Math.min(successes, capacity);
        int end = next + fresh;
        clear(next, Math.min(end, capacity));
        clear(0, Math.max(0, end - capacity));
        advance(fresh);
    }

    private void clear(int from, int to) {
        failed.clear(from, to);
        slow.clear(from, to);
    }

    @Override
    void put(boolean hasFailed, boolean wasSlow) {
        failed.set(next, hasFailed);
        slow.set(next, wasSlow);
        advance(1);
    }

    private void advance(int by) {
        next = (next + by) % capacity;
        size = Math.min(capacity, size + by);
    }

    @Override
    long turn(long now, long due) {
        return now + Long.MAX_VALUE;
    }

    @Override
    long calls() {
        return size;
    }

    @Override
    long failures() {
        return failed.cardinality();
    }

    @Override
    long slow() {
        return slow.cardinality();
    }
}
