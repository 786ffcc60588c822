package dev.treaty.core.discovery;

import java.time.Instant;
import java.util.Map;

/**
 * The health of an instance.
 *
 * @param status whether it accepts calls
 * @param message one sentence for people; may be empty
 * @param timestamp when the health was determined
 * @param details further information, such as the state of a database; at most {@value #DETAILS_MAX} entries
 */
public record ServiceHealth(Status status, String message, Instant timestamp, Map<String, String> details) {
    /** The maximum number of {@code details}. */
    public static final int DETAILS_MAX = 64;

    /** The health of an instance as one word. */
    public enum Status {
        /** Accepts calls. */
        PASSING,
        /** Accepts calls, but something needs attention. */
        WARNING,
        /** Accepts no calls. */
        CRITICAL,
        /** Completes running calls and accepts no new ones. */
        DRAINING,
        /** Not determined yet; clients assume that it accepts calls. */
        UNKNOWN;

        /** Returns true if clients should send calls. */
        public boolean takesCalls() {
            return this == PASSING || this == WARNING || this == UNKNOWN;
        }
    }

    /** @throws IllegalArgumentException if there are too many details */
    public ServiceHealth {
        details = Map.copyOf(details);
        if (details.size() > DETAILS_MAX) {
            throw new IllegalArgumentException("health has " + details.size() + " details: at most " + DETAILS_MAX);
        }
    }

    /** A status without message and details. */
    public static ServiceHealth of(Status status, Instant timestamp) {
        return new ServiceHealth(status, "", timestamp, Map.of());
    }
}
