package dev.treaty.resilience.breaker;

import dev.treaty.resilience.CircuitBreaker;
import dev.treaty.resilience.internal.Stripes;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * Counts the outcomes of recent calls, from which a {@link CircuitBreaker} decides whether to open.
 *
 * <p>Nearly all calls succeed, and between two failures their order is irrelevant. So a success only increments its
 * thread's own stripe. Failures and slow calls are rare and take a lock; each of them first moves the successes counted
 * so far from the stripes into the window. That neither loses nor repeats a success, so windows are exact, and so is
 * the number of failures in a row.
 *
 * <p>A stripe is a cache line: its first word counts, its second is the time of its last success. The line before the
 * first stripe separates what is only read, such as the length of the array, from what every call writes.
 */
public abstract class OutcomeWindow {
    /** The outcomes in a window: all calls, failures, slow calls, and the number of failures in a row. */
    public record Counts(long calls, long failures, long slow, int failuresInRow) {}

    /** A moment that never was. */
    public static final long NEVER = Long.MIN_VALUE;

    private static final VarHandle WORDS = MethodHandles.arrayElementVarHandle(long[].class);

    private final int stripes;
    private final long[] words;
    private int failuresInRow;

    /** When outcomes expire next; written under the lock, read by every success. */
    private volatile long dueNanos;

    /**
     * Creates an empty window.
     *
     * @param dueNanos when outcomes expire for the first time
     */
    OutcomeWindow(int stripes, long dueNanos) {
        this.stripes = stripes;
        this.words = new long[Stripes.at(stripes - 1) + 2];
        this.dueNanos = dueNanos;
        for (int stripe = 0; stripe < stripes; stripe++) {
            words[Stripes.at(stripe) + 1] = NEVER;
        }
    }

    /** Adds a call that succeeded and was not slow. */
    public final void succeeded(long now) {
        succeeded(Stripes.mine(stripes), now);
    }

    /** Adds a successful call as a thread of a stripe, for tests of all stripes without threads. */
    public final void succeeded(int stripe, long now) {
        if (now - dueNanos >= 0) {
            var _ = counts(now); // which drops the outcomes that have expired
        }
        int word = Stripes.at(stripe);
        WORDS.getAndAdd(words, word, 1L);
        WORDS.setOpaque(words, word + 1, now);
    }

    /** Adds a call that failed, was slow, or both, and returns the content afterwards. */
    public final synchronized Counts add(boolean failed, boolean slow, long now) {
        collect(now);
        failuresInRow = failed ? failuresInRow + 1 : 0;
        put(failed, slow);
        return count(failuresInRow);
    }

    /** Returns the content of the window. */
    public final synchronized Counts counts(long now) {
        collect(now);
        return count(failuresInRow);
    }

    /** Returns when {@link #succeeded} was last called, or {@link #NEVER}. */
    public final long lastSuccess() {
        long last = NEVER;
        for (int stripe = 0; stripe < stripes; stripe++) {
            last = later(last, (long) WORDS.getOpaque(words, Stripes.at(stripe) + 1));
        }
        return last;
    }

    /** Returns the later of two moments. */
    public static long later(long one, long other) {
        return one != NEVER && (other == NEVER || one - other > 0) ? one : other;
    }

    /** Moves the successes from the stripes into the window, and drops outcomes that have expired. */
    private void collect(long now) {
        long successes = 0;
        for (int stripe = 0; stripe < stripes; stripe++) {
            successes += (long) WORDS.getAndSet(words, Stripes.at(stripe), 0L);
        }
        if (successes > 0) {
            failuresInRow = 0;
            put(successes);
        }
        if (now - dueNanos >= 0) {
            dueNanos = expire(now, dueNanos);
        }
    }

    // The differences between the kinds of window, called under the lock.

    /** Adds successful calls. */
    abstract void put(long successes);

    /** Adds one call. */
    abstract void put(boolean failed, boolean slow);

    /** Drops outcomes that are too old, since {@code due} has passed; returns when it must do so next. */
    abstract long expire(long now, long due);

    /** Returns the content, with that number of failures in a row. */
    abstract Counts count(int inRow);
}
