package dev.treaty.resilience;

/**
 * How much a call matters when not every call can be served: the more important waits less, is served first, and is
 * shed last.
 *
 * @see <a href="https://sre.google/sre-book/handling-overload/">Criticality, in the SRE book</a>
 */
public enum Priority {
    /** What users see break at once: served before all other calls; may use the whole limit. */
    CRITICAL(0, 4),
    /** What nothing else is said of; may use the whole limit. */
    NORMAL(1, 4),
    /**
     * What can be made up for later: refreshes, batches, prefetches. It is refused when three quarters of the limit are
     * in use, so that the last quarter is kept for calls that matter more.
     */
    SHEDDABLE(2, 3);

    private final int place;
    private final int quarters;

    Priority(int place, int quarters) {
        this.place = place;
        this.quarters = quarters;
    }

    /** The share of a limit that calls of this priority may use, from 0 to 1. */
    public double share() {
        return quarters / 4.0;
    }

    /** A bit of its own, the lower the more the call matters. */
    int bit() {
        return 1 << place;
    }

    /** Its own bit and those of all priorities that matter more. */
    int bitsUpTo() {
        return 2 * bit() - 1;
    }

    /** How many permits of that limit calls of this priority leave alone; they may always use one. */
    int reserve(int limit) {
        return limit - Math.max(1, (int) ((long) limit * quarters / 4));
    }
}
