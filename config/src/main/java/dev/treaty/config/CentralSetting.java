package dev.treaty.config;

import dev.treaty.core.text.PrintableText;
import java.time.Instant;
import java.util.Optional;

/**
 * A setting that the registry keeps for all processes that use it. All texts are one printable line.
 *
 * @param key the full key, such as {@code services.shop.Orders.deadline}; at most {@value #KEY_LENGTH_MAX} characters
 * @param value the text of the value, as in a file; at most {@value #VALUE_LENGTH_MAX} characters
 * @param author who has set it, as the setting process states it: not proven; at most {@value #AUTHOR_LENGTH_MAX}
 *     characters
 * @param reason why, for other operators; may be empty; at most {@value #REASON_LENGTH_MAX} characters
 * @param expiresAt when it has no effect any more; empty if it stays until it is replaced or removed
 * @param revision the change that has set it, counted from 1
 */
public record CentralSetting(
        String key,
        String value,
        String author,
        String reason,
        Instant setAt,
        Optional<Instant> expiresAt,
        long revision) {
    /** The longest key, in characters. */
    public static final int KEY_LENGTH_MAX = 256;

    /** The longest value, in characters. */
    public static final int VALUE_LENGTH_MAX = 8_192;

    /** The longest author, in characters. */
    public static final int AUTHOR_LENGTH_MAX = 128;

    /** The longest reason, in characters. */
    public static final int REASON_LENGTH_MAX = 512;

    /** Returns the author of what this process sets: the user of the operating system, which is not proven. */
    public static String ownAuthor() {
        return System.getProperty("user.name", "unknown");
    }

    /** @throws IllegalArgumentException if a text is too long or not printable, or a required one is empty */
    public CentralSetting {
        checkKey(key);
        checkValue(key, value);
        checkOrigin(author, reason);
        if (revision < 1) {
            throw new IllegalArgumentException("the revision of " + key + " is " + revision + ": use 1 or more");
        }
    }

    static void checkKey(String key) {
        check("the key", key, KEY_LENGTH_MAX);
        if (key.isBlank()) {
            throw new IllegalArgumentException("the key is empty: name the setting");
        }
    }

    static void checkValue(String key, String value) {
        check("the value of " + key, value, VALUE_LENGTH_MAX);
    }

    static void checkOrigin(String author, String reason) {
        check("the author", author, AUTHOR_LENGTH_MAX);
        if (author.isBlank()) {
            throw new IllegalArgumentException("the author is empty: name who changes the setting");
        }
        check("the reason", reason, REASON_LENGTH_MAX);
    }

    private static void check(String what, String text, int max) {
        if (text.length() > max) {
            throw new IllegalArgumentException(
                    what + " has " + text.length() + " characters: at most " + max + " are allowed");
        }
        if (!PrintableText.isPrintable(text)) {
            throw new IllegalArgumentException(what + " has a character that is not printable: remove it");
        }
    }

    /** Returns whether it has an effect at a time. */
    boolean isInEffect(Instant now) {
        return expiresAt.isEmpty() || expiresAt.get().isAfter(now);
    }
}
