package dev.treaty.config;

import dev.treaty.config.YamlNode.Entry;
import dev.treaty.config.YamlNode.Mapping;
import dev.treaty.config.YamlNode.Place;
import dev.treaty.config.YamlNode.Scalar;
import dev.treaty.config.YamlNode.Sequence;
import dev.treaty.core.text.PrintableText;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The place of one value in the configuration: what the layers have there, and the value that applies otherwise.
 *
 * @param path the full key
 * @param node what the layers have there, if anything
 * @param place where the value is set, or where it belongs
 * @param base the value that applies if nothing is set; null if a value is required
 * @param origin what {@code treaty config} shows as the origin of the base: {@code default} or {@code inherited}
 */
record Slot(
        SettingsReading reading,
        String path,
        @Nullable YamlNode node,
        Place place,
        @Nullable Object base,
        String origin) {

    /**
     * The text of a value.
     *
     * @param place where it is set
     */
    record Text(String value, Place place) {
        String origin() {
            return place.origin();
        }
    }

    Slot withBase(@Nullable Object other) {
        return new Slot(reading, path, node, place, other, origin);
    }

    Slot withOrigin(String other) {
        return new Slot(reading, path, node, place, base, other);
    }

    private String path(String key) {
        return path.isEmpty() ? key : path + "." + key;
    }

    private Slot child(String childPath, YamlNode child, @Nullable Object childBase) {
        return new Slot(reading, childPath, child, child.place(), childBase, origin);
    }

    Slot below(Entry entry, @Nullable Object entryBase) {
        return child(path(entry.key()), entry.value(), entryBase);
    }

    Slot missing(String key, @Nullable Object keyBase) {
        return new Slot(reading, path(key), null, place, keyBase, origin);
    }

    /** Returns the group of keys at this place. */
    Section section() {
        return reading.section(this);
    }

    /** Returns the elements of the list at this place. */
    List<Slot> elements() {
        if (node instanceof Sequence(var _, var elements)) {
            return IntStream.range(0, elements.size())
                    .mapToObj(i -> child(path + "[" + i + "]", elements.get(i), null))
                    .toList();
        }
        expected("a list");
        return List.of();
    }

    /** Returns the keys of the group at this place, with their values. */
    List<Entry> entries() {
        if (node instanceof Mapping(var _, var entries)) {
            return entries;
        }
        expected("a group of keys");
        return List.of();
    }

    private void expected(String kind) {
        if (node != null && !(node instanceof Scalar scalar && scalar.empty())) {
            problem("expected " + kind + ", found " + node.kind());
        }
    }

    /** Returns the value of the environment variable for this place, unless the command line overrides it. */
    Optional<Text> variable() {
        return reading.variable(path)
                .filter(_ -> node == null || !node.place().equals(Place.COMMAND_LINE))
                .map(value -> new Text(value, Place.outsideFiles(SettingsReading.variableName(path))));
    }

    /** Returns the text that is set here: by the environment variable, otherwise by the other layers. */
    Optional<Text> text() {
        return variable()
                .or(() -> node instanceof Scalar scalar && !scalar.empty()
                        ? Optional.of(new Text(scalar.text(), place))
                        : Optional.empty());
    }

    /** Returns the text that holds all elements of a list, separated by commas, as sources without YAML have it. */
    Optional<Text> listText() {
        return text().filter(text -> !text.place.inFile());
    }

    /** Returns the value of the text that is set here, or null if it is missing or invalid, which is recorded. */
    @Nullable
    Object parse(ValueFormat<?> format) {
        Optional<Text> text = text();
        if (text.isPresent()) {
            return parse(format, text.get());
        }
        problem(
                node == null || node instanceof Scalar
                        ? "has no value; set one, or remove the key"
                        : "expected one value, found " + node.kind());
        return null;
    }

    /** Returns the value of a text, or null if it is invalid, which is recorded. */
    @Nullable
    Object parse(ValueFormat<?> format, Text text) {
        String value = text.value;
        try {
            value = reading.resolve(path, format, text);
            return format.read().apply(value);
        } catch (IllegalArgumentException e) {
            String message = String.valueOf(e.getMessage());
            String written = SettingsReading.written(text);
            problem(text, message.replace(PrintableText.quote(value), PrintableText.quote(written)));
            return null;
        }
    }

    /** Returns how a value is shown that this text has set: as it is written if it refers to what may be secret. */
    String shown(ValueFormat<?> format, Object value, Optional<Text> text) {
        return text.filter(set -> SettingsReading.refers(path, format, set))
                .map(SettingsReading::written)
                .orElseGet(() -> format.of(value));
    }

    /** Returns the name that a key stands for, or null if it is invalid, which is recorded. */
    @Nullable
    Object name(ValueFormat<?> format, Entry entry) {
        try {
            return format.read().apply(entry.key());
        } catch (IllegalArgumentException e) {
            problem(entry, String.valueOf(e.getMessage()));
            return null;
        }
    }

    /** Records that a value is in effect. */
    void inEffect(ValueFormat<?> format, String value, String valueOrigin) {
        reading.inEffect(path, format, value, valueOrigin);
    }

    void problem(String message) {
        reading.problems.add(place, path, message);
    }

    void problem(Entry entry, String message) {
        reading.problems.add(entry.place(), path(entry.key()), message);
    }

    void problem(Text text, String message) {
        reading.problems.add(text.place, path, message);
    }

    /** Records a problem at the environment variable if it sets the value, otherwise where it is set. */
    void problemWithValue(String message) {
        reading.problems.add(variable().map(Text::place).orElse(place), path, message);
    }
}
