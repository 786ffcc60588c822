package dev.treaty.core.discovery;

import dev.treaty.core.text.PrintableText;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * The health of an instance. Its texts are one line each: what is not {@linkplain PrintableText
 * printable} is replaced.
 *
 * @param status whether it accepts calls
 * @param message one sentence for people; may be empty
 * @param timestamp when the health was determined
 * @param details further information, such as the state of a database; at most {@value #DETAILS_MAX} entries
 */
public record ServiceHealth(Status status, String message, Instant timestamp, Map<String, String> details) {
    /** The maximum number of {@code details}. */
    public static final int DETAILS_MAX = 64;

    /** The largest number of characters that the message and the details may have together in a registry. */
    public static final int LENGTH_MAX = 8_192;

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
        message = PrintableText.line(message);
        details = details.entrySet().stream()
                .collect(Collectors.toUnmodifiableMap(
                        each -> PrintableText.line(each.getKey()),
                        each -> PrintableText.line(each.getValue()),
                        (first, second) -> first + ", " + second));
        if (details.size() > DETAILS_MAX) {
            throw new IllegalArgumentException("health has " + details.size() + " details: at most " + DETAILS_MAX);
        }
    }

    /** A status without message and details. */
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
