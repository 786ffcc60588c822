package dev.treaty.config;

import java.util.List;

/** A node of the configuration, with the place of its first character. */
sealed interface YamlNode {
    /**
     * Where a node was set.
     *
     * @param source the file as it was named, a variable, {@code --set}, or a central setting
     * @param line the line in the file, from 1; 0 if the source is no file
     * @param column the column in the line, from 1; 0 if the source is no file
     */
    record Place(String source, int line, int column) {
        /** The command line, whose values override those of variables. */
        static final Place COMMAND_LINE = outsideFiles("--set");

        /** Returns the beginning of a file. */
        static Place beginning(String file) {
            return new Place(file, 1, 1);
        }

        /** Returns the place of everything that such a source sets. */
        static Place outsideFiles(String source) {
            return new Place(source, 0, 0);
        }

        boolean inFile() {
            return line > 0;
        }

        /** Returns what {@code treaty config} shows as the origin of a value. */
        String origin() {
            return inFile() ? source + ":" + line : source;
        }
    }

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
