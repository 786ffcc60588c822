package dev.treaty.core.call;

import java.util.Locale;
import java.util.Optional;

/**
 * How much a call matters when not every call can be served: the more important waits less, is served first, and is
 * shed last. It travels with a call, and on to the calls that its handler makes.
 *
 * @see <a href="https://sre.google/sre-book/handling-overload/">Criticality, in the SRE book</a>
 */
public enum Priority {
    /** What users see break at once: served before all other calls; may use the whole limit. */
    CRITICAL(1),
    /** What nothing else is said of; may use the whole limit. */
    NORMAL(1),
    /**
     * What can be made up for later: refreshes, batches, prefetches. It is refused when three quarters of the limit are
     * in use, so that the last quarter is kept for calls that matter more.
     */
    SHEDDABLE(0.75);

    private static final Priority[] PRIORITIES = values();

    private final double share;
    private final String wire;

    Priority(double share) {
        this.share = share;
        this.wire = name().toLowerCase(Locale.ROOT);
    }

    /** The share of a limit that calls of this priority may use, from 0 to 1. */
    public double share() {
        return share;
    }

    /** The priority as it stands on the wire, such as {@code sheddable}. */
    public String wire() {
        return wire;
    }

    /** The priority of that {@link #wire()} name, if any. */
    public static Optional<Priority> of(String wire) {
        for (Priority priority : PRIORITIES) {
            if (priority.wire.equals(wire)) {
                return Optional.of(priority);
            }
        }
        return Optional.empty();
    }
}
