package dev.treaty.config;

import dev.treaty.config.YamlNode.Entry;
import dev.treaty.config.YamlNode.Mapping;
import dev.treaty.config.YamlNode.Place;
import dev.treaty.config.YamlNode.Scalar;
import dev.treaty.config.YamlNode.Sequence;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Merges the layers of a configuration into one tree of nodes, each with the place where it was set. Groups of keys are
 * merged key by key; a list or a value replaces what the layers below have.
 */
final class Layers {
    private final Problems problems;
    private @Nullable YamlNode root;
    private boolean incomplete; // whether a document is missing from the tree

    private Layers(Problems problems) {
        this.problems = problems;
    }

    /**
     * Returns the tree; null if no layer sets anything.
     *
     * @throws ConfigurationException if a document cannot be parsed, with the problems of all documents
     */
    static @Nullable YamlNode merge(
            List<Document> documents,
            List<CentralSetting> central,
            Map<String, String> commandLine,
            Problems problems) {
        var layers = new Layers(problems);
        documents.forEach(layers::add);
        if (layers.incomplete) {
            throw problems.toException();
        }
        central.stream()
                .sorted(Comparator.comparingLong(CentralSetting::revision))
                .forEach(layers::add);
        new TreeMap<>(commandLine).forEach(layers::set);
        return layers.root;
    }

    private void add(Document document) {
        problems.order(document.source());
        Place beginning = Place.beginning(document.source());
        if (!document.problem().isEmpty()) {
            problems.add(Place.outsideFiles(document.source()), "", document.problem());
            incomplete = true;
            return;
        }
        YamlNode read = parse(beginning, document.text());
        if (read == null || read instanceof Mapping || (read instanceof Scalar scalar && scalar.empty())) {
            root = merged(root, read);
        } else {
            problems.add(read.place(), "", "expected a group of keys, found " + read.kind());
            incomplete = true;
        }
    }

    private @Nullable YamlNode parse(Place origin, String text) {
        try {
            return Yaml.read(origin, text, problems);
        } catch (ConfigurationException _) {
            incomplete = true; // the problem is recorded
            return null;
        }
    }

    private void add(CentralSetting setting) {
        Place place = Place.outsideFiles("central (revision " + setting.revision() + ", " + setting.author() + ", "
                + setting.setAt().truncatedTo(ChronoUnit.SECONDS) + ")");
        problems.order(place.source());
        Optional<String> local = local(setting.key());
        if (local.isPresent()) {
            problems.add(place, setting.key(), local.get());
            return;
        }
        put(setting.key(), setting.value(), place);
    }

    /** Returns why a key cannot be a central setting, however it is written. */
    private static Optional<String> local(String key) {
        String group;
        try {
            group = KeyPath.parse(key).steps().getFirst();
        } catch (IllegalArgumentException _) {
            return Optional.empty(); // reported when it is put
        }
        return switch (group) {
            case "registry" ->
                Optional.of("the registry keeps central settings, so its address cannot be one of"
                        + " them: set it in the file or by TREATY_REGISTRY");
            case "security" ->
                Optional.of("who may write central settings could open the door, so security cannot be one of them:"
                        + " set it in the file");
            default -> Optional.empty();
        };
    }

    private void set(String key, String value) {
        put(key, value, Place.COMMAND_LINE);
    }

    private void put(String key, String text, Place place) {
        try {
            KeyPath path = KeyPath.parse(key);
            YamlNode value = value(path.shape(), text, place);
            if (value != null) {
                root = put(root, path.steps(), value);
            }
        } catch (IllegalArgumentException e) {
            problems.add(place, key, String.valueOf(e.getMessage()));
        }
    }

    /** Returns the node of a text that a source without YAML has: groups and lists of groups are written in YAML. */
    private @Nullable YamlNode value(Shape shape, String text, Place place) {
        boolean yaml = switch (shape) {
            case Shape.Value _, Shape.Anything _ -> false;
            case Shape.Listing(var element) ->
                !(element instanceof Shape.Value) || text.strip().startsWith("[");
            case Shape.Group _, Shape.Named _ -> true;
        };
        return yaml ? parse(place, text) : new Scalar(place, text, false);
    }

    /**
     * Puts a value into a tree.
     *
     * @throws IllegalArgumentException if a list has no such element and the command line names it; other sources are
     *     read by several processes, of which some have it
     */
    private static @Nullable YamlNode put(@Nullable YamlNode at, List<String> steps, YamlNode value) {
        if (steps.isEmpty()) {
            return merged(at, value);
        }
        String step = steps.getFirst();
        List<String> below = steps.subList(1, steps.size());
        return KeyPath.index(step).isPresent()
                ? putElement(at, KeyPath.index(step).get(), below, value)
                : putEntry(at, step, below, value);
    }

    private static @Nullable YamlNode putElement(@Nullable YamlNode at, int index, List<String> below, YamlNode value) {
        if (at instanceof Sequence(var place, var elements) && index < elements.size()) {
            var changed = new ArrayList<>(elements);
            YamlNode element = put(elements.get(index), below, value);
            changed.set(index, element == null ? elements.get(index) : element);
            return new Sequence(place, List.copyOf(changed));
        }
        if (value.place().equals(Place.COMMAND_LINE)) {
            int size = at instanceof Sequence(var _, var elements) ? elements.size() : 0;
            throw new IllegalArgumentException("the list has " + size + " elements, and the first is [0]");
        }
        return at;
    }

    private static YamlNode putEntry(@Nullable YamlNode at, String step, List<String> below, YamlNode value) {
        var entries = new LinkedHashMap<String, Entry>();
        if (at instanceof Mapping(var _, var existing)) {
            existing.forEach(entry -> entries.put(entry.key(), entry));
        }
        Entry entry = entries.get(step);
        YamlNode changed = put(entry == null ? null : entry.value(), below, value);
        if (changed != null) {
            entries.put(step, new Entry(value.place(), step, changed));
        }
        return new Mapping(value.place(), List.copyOf(entries.values()));
    }

    private static @Nullable YamlNode merged(@Nullable YamlNode lower, @Nullable YamlNode upper) {
        if (upper == null || (upper instanceof Scalar scalar && scalar.empty() && lower instanceof Mapping)) {
            return lower;
        }
        if (lower instanceof Mapping(var _, var below) && upper instanceof Mapping(var place, var above)) {
            var entries = new LinkedHashMap<String, Entry>();
            below.forEach(entry -> entries.put(entry.key(), entry));
            for (Entry entry : above) {
                Entry before = entries.get(entry.key());
                YamlNode value = before == null ? entry.value() : merged(before.value(), entry.value());
                entries.put(entry.key(), value == null ? entry : new Entry(entry.place(), entry.key(), value));
            }
            return new Mapping(place, List.copyOf(entries.values()));
        }
        return upper;
    }
}
