package dev.treaty.resilience.breaker;

import dev.treaty.resilience.CircuitBreaker;
import dev.treaty.resilience.internal.Stripes;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * What became of the latest calls: the memory by which a {@link CircuitBreaker} judges.
 *
 * <p>Nearly all calls go well, and between two failures their order says nothing. So a success only adds one to its
 * thread's own stripe. Failures and slow calls, which are rare, go through a lock; each of them first draws the
 * successes counted so far out of the stripes and puts them into the window before itself. Nothing is lost or counted
 * twice by that, so both windows are exact, and so is the number of failures in a row.
 *
 * <p>A stripe is a cache line: its first word counts, its second says when it last did. The line before the first
 * stripe keeps what is only read, like the length of the array, away from what is written with every call; the words
 * after the second of each line are free for what is seldom written.
 */
public abstract class OutcomeWindow {
    /** What a window holds. */
    public record Counts(long calls, long failures, long slow, int failuresInRow) {}

    /** Stands for a moment that never was. */
    public static final long NEVER = Long.MIN_VALUE;

    private static final VarHandle WORDS = MethodHandles.arrayElementVarHandle(long[].class);
    private static final int HOT_WORDS = 2;

    private final int stripes;
    private final long[] words;
    private int failuresInRow;

    /** Until when successes need not look at the time; written under the lock, read by every success. */
    private volatile long dueNanos;

    /**
     * A window that holds nothing.
     *
     * @param coldWords how many words {@link #cold} keeps for the window
     * @param dueNanos when {@link #draw} must next be called
     */
    OutcomeWindow(int stripes, int coldWords, long dueNanos) {
        int coldPerLine = Stripes.SPACING - HOT_WORDS;
        int lines = Math.max(stripes + 1, (coldWords + coldPerLine - 1) / coldPerLine);
        this.stripes = stripes;
        this.words = new long[lines * Stripes.SPACING];
        this.dueNanos = dueNanos;
        for (int stripe = 0; stripe < stripes; stripe++) {
            words[stripe(stripe) + 1] = NEVER;
        }
    }

    private static int stripe(int index) {
        return (index + 1) * Stripes.SPACING;
    }

    /** Counts a call that went well and was not slow. */
    public final void succeeded(long now) {
        succeeded(Stripes.mine(stripes), now);
    }

    /** The same on that stripe: a law about all stripes needs no threads. */
    public final void succeeded(int stripe, long now) {
        if (now - dueNanos >= 0) {
            drawIfDue(now);
        }
        int word = stripe(stripe);
        WORDS.getAndAdd(words, word, 1L);
        WORDS.setOpaque(words, word + 1, now);
    }

    private synchronized void drawIfDue(long now) {
        if (now - dueNanos >= 0) {
            draw(now);
        }
    }

    /** Counts a call that failed, was slow, or both, and tells how that leaves the window. */
    public final synchronized Counts add(boolean failed, boolean slow, long now) {
        draw(now);
        failuresInRow = failed ? failuresInRow + 1 : 0;
        put(failed, slow);
        return count();
    }

    /** What the window holds now. */
    public final synchronized Counts counts(long now) {
        draw(now);
        return count();
    }

    private Counts count() {
        return new Counts(calls(), failures(), slow(), failuresInRow);
    }

    /** When {@link #succeeded} was last called, or {@link #NEVER}. */
    public final long lastSuccess() {
        long last = NEVER;
        for (int stripe = 0; stripe < stripes; stripe++) {
            last = later(last, (long) WORDS.getOpaque(words, stripe(stripe) + 1));
        }
        return last;
    }

    public static long later(long one, long other) {
        if (one == NEVER || other == NEVER) {
            return one == NEVER ? other : one;
        }
        return one - other > 0 ? one : other;
    }

    /** Takes the successes out of the stripes and puts them into the window, then brings that to the present. */
    private void draw(long now) {
        long successes = 0;
        for (int stripe = 0; stripe < stripes; stripe++) {
            successes += (long) WORDS.getAndSet(words, stripe(stripe), 0L);
        }
        if (successes > 0) {
            failuresInRow = 0;
            put(successes);
        }
        if (now - dueNanos >= 0) {
            dueNanos = turn(now, dueNanos);
        }
    }

    /** A word for what is seldom written; only to be used under the lock. */
    final long cold(int index) {
        return words[coldAt(index)];
    }

    /** Sets such a word. */
    final void cold(int index, long value) {
        words[coldAt(index)] = value;
    }

    private static int coldAt(int index) {
        int perLine = Stripes.SPACING - HOT_WORDS;
        return index / perLine * Stripes.SPACING + HOT_WORDS + index % perLine;
    }

    // What the kinds of window differ in. All of it is called under the lock.

    /** Puts in so many calls that went well. */
    abstract void put(long successes);

    /** Puts in one call. */
    abstract void put(boolean failed, boolean slow);

    /** Forgets what is too old, as {@code due} has passed; tells when it must do so next. */
    abstract long turn(long now, long due);

    abstract long calls();

    abstract long failures();

    abstract long slow();
}
