package dev.treaty.config;

import dev.treaty.core.text.PrintableText;

/**
 * One value in effect, and its origin.
 *
 * @param key the full key, such as {@code services.shop.Orders.deadline}
 * @param value the text of the value, as in a file. Secrets are {@linkplain dev.treaty.core.text.Secrets masked}; a
 *     text that a variable supplies is shown as the file refers to it, such as <code>${DBPASS}</code>
 * @param origin {@code default}, {@code inherited}, a variable's name, or {@code file:line}
 */
public record Setting(String key, String value, String origin) {
    /** One {@linkplain PrintableText printable} line: {@code server.port = 8080  # treaty.yaml:12}. */
    @Override
    public String toString() {
        return PrintableText.line(key + " = " + value + "  # " + origin);
    }
}
