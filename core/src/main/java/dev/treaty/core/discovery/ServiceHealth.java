package dev.treaty.core.discovery;

import java.time.Instant;
import java.util.Map;

/**
 * How an instance feels.
 *
 * @param status the one word for it
 * @param message one sentence for a person; may be empty
 * @param timestamp when it was found out
 * @param details what else there is to know, such as the state of a database; at most {@value #DETAILS_MAX} entries
 */
public record ServiceHealth(Status status, String message, Instant timestamp, Map<String, String> details) {
    /** The most entries that {@code details} may have. */
    public static final int DETAILS_MAX = 64;

    /** The one word for how an instance feels. */
    public enum Status {
        /** Takes calls. */
        PASSING,
        /** Takes calls, but something needs attention. */
        WARNING,
        /** Takes no calls. */
        CRITICAL,
        /** Ends what it has begun and takes no new calls. */
        DRAINING,
        /** Nobody has said yet; it is taken as able to take calls. */
        UNKNOWN;

        /** Whether clients should send calls there. */
        public boolean takesCalls() {
            return this == PASSING || this == WARNING || this == UNKNOWN;
        }
    }

    /** @throws IllegalArgumentException where there are too many details */
    public ServiceHealth {
        details = Map.copyOf(details);
        if (details.size() > DETAILS_MAX) {
            throw new IllegalArgumentException("health has " + details.size() + " details: at most " + DETAILS_MAX);
        }
    }

    /** That status and nothing more to say. */
    public static ServiceHealth of(Status status, Instant timestamp) {
        return new ServiceHealth(status, "", timestamp, Map.of());
    }
}
