package dev.treaty.config;

import java.util.List;
import java.util.Optional;

/** A piece of a configuration file with the place where it begins. */
sealed interface YamlNode {
    /** Line and column, both from 1. */
    record Place(int line, int column) {}

    Place place();

    /** What kind of piece it is, for messages. */
    String kind();

    /** A value; {@code plain} is one written without quotes, which may mean nothing at all. */
    record Scalar(Place place, String text, boolean plain) implements YamlNode {
        boolean empty() {
            return plain && (text.isEmpty() || text.equals("~") || text.equalsIgnoreCase("null"));
        }

        @Override
        public String kind() {
            return "a value";
        }
    }

    record Sequence(Place place, List<YamlNode> elements) implements YamlNode {
        @Override
        public String kind() {
            return "a list";
        }
    }

    record Mapping(Place place, List<Entry> entries) implements YamlNode {
        Optional<Entry> entry(String key) {
            return entries.stream().filter(e -> e.key.equals(key)).findFirst();
        }

        @Override
        public String kind() {
            return "a group of keys";
        }
    }

    /** One key of a mapping; {@code place} is the key's. */
    record Entry(Place place, String key, YamlNode value) {}
}
