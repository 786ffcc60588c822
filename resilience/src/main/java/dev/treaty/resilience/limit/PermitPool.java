package dev.treaty.resilience.limit;

import dev.treaty.resilience.internal.Stripes;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Permits in several stripes, each on a cache line of its own, so that threads on different processors take and put
 * back without disturbing each other: one uncontended compare-and-set each. A thread whose stripe is empty takes from
 * another.
 *
 * <p>A stripe is one word: its permits in the lower half, and in the upper half how often it was changed. Every change
 * makes the sum of all words larger, hence two equal sums, read one after the other, prove that between them nothing
 * changed and every word stood as it was read (the double collect of Afek and others, <i>Atomic snapshots of shared
 * memory</i>, 1993). The pool refuses only after such a proof that it was empty: a permit that moves from one stripe to
 * another while somebody looks is never missed.
 */
public final class PermitPool {
    private static final long CHANGE = 1L << 32;

    private final int stripes;
    private final AtomicLongArray words;

    /** A pool of that many permits in that many stripes, a power of two. */
    public PermitPool(int permits, int stripes) {
        this.stripes = stripes;
        this.words = new AtomicLongArray(Stripes.at(stripes - 1) + 1);
        for (int stripe = 0; stripe < stripes; stripe++) {
            words.set(Stripes.at(stripe), (permits + stripe) / stripes);
        }
    }

    /** Takes a permit; false where there was a moment, during the call, at which there was none. */
    public boolean take() {
        return take(Stripes.mine(stripes));
    }

    /** The same for a thread of that stripe. */
    public boolean take(int own) {
        if (takeFrom(own)) {
            return true;
        }
        return stripes > 1 && takeElsewhere(own);
    }

    private boolean takeElsewhere(int own) {
        while (true) {
            for (int i = 1; i <= stripes; i++) {
                if (takeFrom(own + i & stripes - 1)) {
                    return true;
                }
            }
            long sum = sum();
            if (permits(sum) == 0 && sum == sum()) {
                return false;
            }
        }
    }

    /**
     * Takes a permit where more than those are there; false where there was a moment, during the call, at which no more
     * were there. Who else takes at the same moment may bring the number below; the caller sees to it that those do not
     * who have to leave some, too.
     */
    public boolean takeAbove(int left) {
        int own = Stripes.mine(stripes);
        while (available() > left) {
            for (int i = 0; i < stripes; i++) {
                if (takeFrom(own + i & stripes - 1)) {
                    return true;
                }
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

    /**
     * Puts permits back, or adds some: all at the same moment, hence into one stripe; coming and going spreads them.
     */
    public void put(int permits) {
        put(Stripes.mine(stripes), permits);
    }

    /** The same for a thread of that stripe. */
    public void put(int own, int permits) {
        words.getAndAdd(Stripes.at(own), CHANGE + permits);
    }

    /** How many permits there were at one moment during the call. */
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
