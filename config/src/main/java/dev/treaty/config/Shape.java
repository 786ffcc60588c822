package dev.treaty.config;

import java.util.Map;
import java.util.TreeMap;

/** What a part of the settings accepts: the form of {@link SettingsKeys}, without types and texts. */
sealed interface Shape {
    /** All settings. */
    Shape ROOT = of(SettingsKeys.ROOT);

    /** One text. */
    record Value() implements Shape {}

    /** A list. */
    record Listing(Shape element) implements Shape {}

    /** Names of any text, each with the same shape below it. */
    record Named(Shape content) implements Shape {}

    /** A group of known keys. */
    record Group(Map<String, Shape> keys) implements Shape {}

    /** Any keys with any values: those of the application. */
    record Anything() implements Shape {}

    private static Shape of(SettingsKeys.Kind kind) {
        return switch (kind) {
            case SettingsKeys.Value _ -> new Value();
            case SettingsKeys.Elements list -> new Listing(of(list.element()));
            case SettingsKeys.Names names -> new Named(of(names.content()));
            case SettingsKeys.Group group -> group(group);
            case SettingsKeys.Choice choice -> group(choice.groups().toArray(SettingsKeys.Group[]::new));
            case SettingsKeys.Anything _ -> new Anything();
        };
    }

    private static Group group(SettingsKeys.Group... groups) {
        var keys = new TreeMap<String, Shape>();
        for (SettingsKeys.Group group : groups) {
            group.keys().forEach(key -> keys.put(key.name(), of(key.kind())));
        }
        return new Group(keys);
    }
}
