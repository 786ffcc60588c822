package dev.treaty.config;

import dev.treaty.core.text.PrintableText;
import java.util.Optional;

/**
 * What differs between two readings in one key.
 *
 * @param key the full key
 * @param before the value before, masked, with its origin; empty if there was none
 * @param after the value after, masked, with its origin; empty if there is none
 */
public record SettingChange(String key, Optional<Setting> before, Optional<Setting> after) {
    /** One printable line: {@code zone: a (treaty.yaml:1) -> b (TREATY_ZONE)}. */
    @Override
    public String toString() {
        return PrintableText.line(key + ": " + text(before) + " -> " + text(after));
    }

    private static String text(Optional<Setting> setting) {
        return setting.map(set -> set.value() + " (" + set.origin() + ")").orElse("none");
    }
}
