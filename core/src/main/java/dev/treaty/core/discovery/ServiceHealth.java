package dev.treaty.core.discovery;

import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;

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

    /** The most characters that the message and the details may have together in a registry. */
    public static final int LENGTH_MAX = 8_192;

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

    /** Returns the same health with another timestamp. */
    public ServiceHealth withTimestamp(Instant changed) {
        return new ServiceHealth(status, message, changed, details);
    }

    /** Returns the number of characters of the message and the details together. */
    public int length() {
        return message.length()
                + details.entrySet().stream().mapToInt(ServiceHealth::length).sum();
    }

    private static int length(Map.Entry<String, String> detail) {
        return detail.getKey().length() + detail.getValue().length();
    }

    /** Returns the health cut to {@link #LENGTH_MAX}: the beginning of the message, then the details that still fit. */
    public ServiceHealth truncated() {
        if (length() <= LENGTH_MAX) {
            return this;
        }
        String shortened = message;
        if (message.length() > LENGTH_MAX) {
            int end = LENGTH_MAX - 1;
            end -= Character.isHighSurrogate(message.charAt(end - 1)) ? 1 : 0;
            shortened = message.substring(0, end) + "…";
        }
        int left = LENGTH_MAX - shortened.length();
        var kept = new TreeMap<String, String>();
        for (var detail : new TreeMap<>(details).entrySet()) {
            if (length(detail) <= left) {
                kept.put(detail.getKey(), detail.getValue());
                left -= length(detail);
            }
        }
        return new ServiceHealth(status, shortened, timestamp, kept);
    }
}
