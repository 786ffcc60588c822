package dev.treaty.core.call;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/**
 * The priority of a call when a limit is reached: calls of higher priority are served first and shed last. It is sent
 * with the call, and inherited by the calls that its handler makes.
 *
 * @see <a href="https://sre.google/sre-book/handling-overload/">Criticality, in the SRE book</a>
 */
public enum Priority {
    /** Calls whose failure users see immediately: served before all others, and may use the whole limit. */
    CRITICAL(1),
    /** The default; may use the whole limit. */
    NORMAL(1),
    /**
     * Calls that can be repeated later: refreshes, batches, prefetches. They may use three quarters of the limit, so
     * that the last quarter is reserved for calls of higher priority.
     */
    SHEDDABLE(0.75);

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

    /** The name on the wire, such as {@code sheddable}. */
    public String wire() {
        return wire;
    }

    /** Returns the priority with this {@link #wire()} name, if any. */
    public static Optional<Priority> of(String wire) {
        return Arrays.stream(values())
                .filter(priority -> priority.wire.equals(wire))
                .findFirst();
    }
}
