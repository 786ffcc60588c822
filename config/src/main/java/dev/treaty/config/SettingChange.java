package dev.treaty.config;

import dev.treaty.core.text.PrintableText;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * What differs between two readings in one key.
 *
 * @param key the full key
 * @param before the value before, masked, with its origin; empty if there was none
 * @param after the value after, masked, with its origin; empty if there is none
 */
public record SettingChange(String key, Optional<Setting> before, Optional<Setting> after) {
    /**
     * Returns what differs between the values of two readings, in the order of the later one; what is gone follows.
     * Secrets are masked in both, so a change of a secret alone is not seen.
     */
    public static List<SettingChange> between(List<Setting> before, List<Setting> after) {
        return between(before, after, _ -> false);
    }

    /** @param differs returns whether the values of a key differ although they are shown as equal */
    static List<SettingChange> between(List<Setting> before, List<Setting> after, Predicate<String> differs) {
        var left = new LinkedHashMap<String, Setting>();
        before.forEach(setting -> left.put(setting.key(), setting));
        var changes = new ArrayList<SettingChange>();
        for (Setting setting : after) {
            Optional<Setting> old = Optional.ofNullable(left.remove(setting.key()));
            if (old.isEmpty() || !old.get().value().equals(setting.value()) || differs.test(setting.key())) {
                changes.add(new SettingChange(setting.key(), old, Optional.of(setting)));
            }
        }
        left.values().forEach(gone -> changes.add(new SettingChange(gone.key(), Optional.of(gone), Optional.empty())));
        return List.copyOf(changes);
    }

    /** One printable line: {@code zone: a (treaty.yaml:1) -> b (TREATY_ZONE)}. */
    @Override
    public String toString() {
        return PrintableText.line(key + ": " + text(before) + " -> " + text(after));
    }

    private static String text(Optional<Setting> setting) {
        return setting.map(set -> set.value() + " (" + set.origin() + ")").orElse("none");
    }
}
