package dev.treaty.config;

import java.util.List;

/** A node of a configuration file, with the place of its first character. */
sealed interface YamlNode {
    /** A line and a column, both from 1. */
    record Place(int line, int column) {}

    Place place();

    /** Returns what messages call a node of this kind. */
    default String kind() {
        return switch (this) {
            case Scalar _ -> "a value";
            case Sequence _ -> "a list";
            case Mapping _ -> "a group of keys";
        };
    }

    /** A value. A {@code plain} one is written without quotes, so that it may be empty. */
    record Scalar(Place place, String text, boolean plain) implements YamlNode {
        boolean empty() {
            return plain && (text.isEmpty() || text.equals("~") || text.equalsIgnoreCase("null"));
        }
    }

    record Sequence(Place place, List<YamlNode> elements) implements YamlNode {}

    record Mapping(Place place, List<Entry> entries) implements YamlNode {}

    /** One key of a mapping; the place is that of the key. */
    record Entry(Place place, String key, YamlNode value) {}
}
