package dev.treaty.resilience.breaker;

import java.util.BitSet;

/** Counts the outcomes of the last N calls, however old they are. */
public final class CountWindow extends OutcomeWindow {
    private final int capacity;
    private final BitSet failed;
    private final BitSet slow;
    private int next;
    private int size;

    public CountWindow(int capacity, int stripes, long now) {
        super(stripes, now + Long.MAX_VALUE); // never due
        this.capacity = capacity;
        this.failed = new BitSet(capacity);
        this.slow = new BitSet(capacity);
    }

    @Override
    void put(long successes) {
        int added = (int) Math.min(successes, capacity);
        int end = next + added;
        clear(next, Math.min(end, capacity));
        clear(0, Math.max(0, end - capacity));
        advance(added);
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
    long expire(long now, long due) {
        return now + Long.MAX_VALUE;
    }

    @Override
    Counts count(int failuresInRow) {
        return new Counts(size, failed.cardinality(), slow.cardinality(), failuresInRow);
    }
}
