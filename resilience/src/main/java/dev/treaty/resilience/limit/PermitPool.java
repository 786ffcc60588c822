package dev.treaty.resilience.limit;

import dev.treaty.resilience.internal.Stripes;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * The free permits of a concurrency limiter, in stripes on separate cache lines, so that threads on different
 * processors do not contend: taking a permit and putting it back cost one uncontended compare-and-set each. A thread
 * whose stripe is empty takes from another.
 *
 * <p>A stripe is one word: its permits in the lower half, and in the upper half the number of its changes. Every change
 * increases the sum of all words, so two equal sums, read one after the other, prove that nothing changed between them
 * and every word had the value that was read (the double collect of Afek and others, <i>Atomic snapshots of shared
 * memory</i>, 1993). The pool refuses only after it has proved in this way that it was empty: a permit that moves from
 * one stripe to another during the search is never missed.
 */
public final class PermitPool {
    private static final long CHANGE = 1L << 32;

    private final int stripes;
    private final AtomicLongArray words;

    /** Creates a pool with that number of permits in that number of stripes, a power of two. */
    public PermitPool(int permits, int stripes) {
        this.stripes = stripes;
        this.words = new AtomicLongArray(Stripes.at(stripes - 1) + 1);
        for (int stripe = 0; stripe < stripes; stripe++) {
            words.set(Stripes.at(stripe), (permits + stripe) / stripes);
        }
    }

    /** Takes a permit; returns false if there was none at a moment during the call. */
    public boolean take() {
        return take(Stripes.mine(stripes));
    }

    /** Takes a permit as a thread of a stripe. */
    public boolean take(int own) {
        return takeFrom(own) || (stripes > 1 && takeElsewhere(own));
    }

    private boolean takeElsewhere(int own) {
        while (true) {
            if (takeFromAny(own + 1)) {
                return true;
            }
            long sum = sum();
            if (permits(sum) == 0 && sum == sum()) {
                return false;
            }
        }
    }

    /**
     * Takes a permit if there are more than that number; returns false if there were not, at a moment during the call.
     * Concurrent calls may reduce the number further; the caller serializes those that must leave permits.
     */
    public boolean takeAbove(int left) {
        int own = Stripes.mine(stripes);
        while (available() > left) {
            if (takeFromAny(own)) {
                return true;
            }
        }
        return false;
    }

    private boolean takeFromAny(int first) {
        for (int i = 0; i < stripes; i++) {
            if (takeFrom(first + i & stripes - 1)) {
                return true;
            }
        }
        return false;
    }

    private boolean takeFrom(int stripe) {
        int at = Stripes.at(stripe);
        for (long word = words.get(at); permits(word) > 0; word = words.get(at)) {
            if (words.compareAndSet(at, word, word + CHANGE - 1)) {
                return true;
            }
        }
        return false;
    }

    /** Adds permits, all at the same moment and therefore to one stripe. */
    public void put(int permits) {
        put(Stripes.mine(stripes), permits);
    }

    /** Adds permits as a thread of a stripe. */
    public void put(int own, int permits) {
        words.getAndAdd(Stripes.at(own), CHANGE + permits);
    }

    /** Returns the number of permits at one moment during the call. */
    public int available() {
        long before = sum();
        for (long after = sum(); after != before; after = sum()) {
            before = after;
        }
        return permits(before);
    }

    private long sum() {
        long sum = 0;
        for (int stripe = 0; stripe < stripes; stripe++) {
            sum += words.get(Stripes.at(stripe));
        }
        return sum;
    }

    private static int permits(long word) {
        return (int) word;
    }
}
