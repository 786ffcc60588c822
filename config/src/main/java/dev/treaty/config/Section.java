package dev.treaty.config;

import dev.treaty.config.YamlNode.Entry;
import dev.treaty.config.YamlNode.Mapping;
import dev.treaty.config.YamlNode.Place;
import dev.treaty.config.YamlNode.Scalar;
import dev.treaty.config.YamlNode.Sequence;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What file and environment say below one key, read into immutable values.
 *
 * <p>A record's components are the keys, in kebab case: {@code bodyBytesMax} is {@code body-bytes-max}. A component may
 * be a record again, a list of plain values, a map with text for keys, an {@code Optional}, an enum, or one of the
 * types that {@link ValueFormat} knows; a whole number with the word "bytes" in its name is a size such as {@code 4MiB}. What
 * is optional can be set to {@code none}, and a record is there where any of its keys is written. What is not written
 * keeps the value of the <em>base</em>, another instance of the same record: the defaults are the base of a service,
 * and the service is the base of its operations, so inheritance needs no rule of its own. Where there is no base,
 * everything that is not a list, a map or an {@code Optional} must be written.
 *
 * <p>Whatever is wrong is noted and reading goes on, so that one reading tells all.
 */
final class Section {
    /** What an optional setting is set to that is not to be inherited. */
    private static final String NONE = "none";

    private final SettingsReading reading;
    private final String path;
    private final Place place;
    private final Mapping mapping;
    private final String fallback;
    private final TreeSet<String> asked = new TreeSet<>();

    /**
     * @param node what is written there, if anything
     * @param place where it is written, or where it would belong
     * @param fallback what to call the origin of values that are not written
     */
    Section(SettingsReading reading, String path, @Nullable YamlNode node, Place place, String fallback) {
        this.reading = reading;
        this.path = path;
        this.place = place;
        this.fallback = fallback;
        if (node instanceof Mapping written) {
            this.mapping = written;
        } else {
            this.mapping = new Mapping(place, List.of());
            refuseUnlessEmpty(node, path, "a group of keys");
        }
    }

    /** True where the file has that key. */
    boolean has(String key) {
        return mapping.entry(key).isPresent();
    }

    /** The setting of that key, over the value that it has where nothing is written. */
    @SuppressWarnings("unchecked")
    <T> T read(String key, T base) {
        Class<?> type = base instanceof Enum<?> constant ? constant.getDeclaringClass() : base.getClass();
        Object value = component(key, type, base);
        return value == null ? base : (T) value;
    }

    /** The setting of that key, which must be written; nothing where it is not or is wrong, which has been noted. */
    <T> Optional<T> read(String key, Class<T> type) {
        return Optional.ofNullable(type.cast(component(key, type, null)));
    }

    /** The record whose components are the keys of this section itself. */
    @SuppressWarnings("unchecked")
    <R extends Record> R read(R base) {
        Object value = record(base.getClass(), base);
        return value == null ? base : (R) value;
    }

    /** The plain values listed below that key. */
    <T> List<T> list(String key, Class<T> type) {
        var values = new ArrayList<T>();
        elements(key, (at, node) -> {
            Object value = value(at, key, type, node, node.place(), null);
            if (value != null) {
                values.add(type.cast(value));
            }
        });
        return List.copyOf(values);
    }

    /** The groups listed below that key; those that could not be read are left out. */
    <T> List<T> list(String key, Function<Section, Optional<T>> read) {
        var values = new ArrayList<T>();
        elements(
                key,
                (at, node) ->
                        read.apply(section(at, node, node.place(), fallback)).ifPresent(values::add));
        return List.copyOf(values);
    }

    /** The groups below that key, under names of the writer's choice, which inherit what they do not say. */
    <K, V> Map<K, V> map(String key, Class<K> name, Function<Section, V> read) {
        var values = new HashMap<K, V>();
        entries(key, (at, entry) -> {
            V value = read.apply(section(at, entry.value(), entry.value().place(), "inherited"));
            Object named = name(at, entry, name);
            if (named != null) {
                values.put(name.cast(named), value);
            }
        });
        return Map.copyOf(values);
    }

    /** The value that a constructor makes of this section, or nothing where it refuses, which is noted here. */
    <T> Optional<T> make(Supplier<T> constructor) {
        try {
            return Optional.of(constructor.get());
        } catch (IllegalArgumentException e) {
            problem(place, path, String.valueOf(e.getMessage()));
            return Optional.empty();
        }
    }

    /** Notes a problem with this section as a whole. */
    void problem(String message) {
        problem(place, path, message);
    }

    private void problem(Place where, String key, String message) {
        reading.problems.add(reading.source, where, key, message);
    }

    /** Notes a problem with what is written below that key. */
    void refuse(String key, String message) {
        refuse(new Components.Refusal(key, message));
    }

    /** Takes every key as asked for, where it cannot be said what belongs here. */
    void ignoreRest() {
        mapping.entries().forEach(entry -> asked.add(entry.key()));
    }

    /** Notes each key that nobody has asked for. */
    void refuseUnknown() {
        for (Entry entry : mapping.entries()) {
            if (!asked.contains(entry.key())) {
                String meant = KeyNames.nearest(entry.key(), asked)
                        .map(k -> "did you mean " + k + "? ")
                        .orElse("");
                String message = "no setting has this key; " + meant + "Accepted here: " + String.join(", ", asked);
                problem(entry.place(), below(entry.key()), message);
            }
        }
    }

    private String below(String key) {
        return path.isEmpty() ? key : path + "." + key;
    }

    private Section section(String at, @Nullable YamlNode node, Place where, String origin) {
        return reading.section(at, node, where, origin);
    }

    private @Nullable Object component(String key, Type type, @Nullable Object base) {
        asked.add(key);
        YamlNode node = mapping.entry(key).map(Entry::value).orElse(null);
        return value(below(key), key, type, node, node == null ? place : node.place(), base);
    }

    /**
     * @param word the last word of the key, which tells sizes from other numbers
     * @return null where there is neither a value nor a base, or the value is wrong; which has been noted
     */
    private @Nullable Object value(
            String at, String word, Type type, @Nullable YamlNode node, Place where, @Nullable Object base) {
        if (type instanceof ParameterizedType generic) {
            return container(at, word, generic, node, where, base);
        }
        var plain = (Class<?>) type;
        Optional<ValueFormat<?>> text = ValueFormat.of(plain, word);
        if (text.isPresent()) {
            return scalar(at, text.get(), node, where, base);
        }
        if (plain.isRecord()) {
            return section(at, node, where, fallback).record(plain, base);
        }
        throw new IllegalStateException(at + " has a type that settings cannot have: " + type.getTypeName());
    }

    private @Nullable Object container(
            String at,
            String word,
            ParameterizedType type,
            @Nullable YamlNode node,
            Place where,
            @Nullable Object base) {
        Type[] parts = type.getActualTypeArguments();
        if (type.getRawType() == Optional.class) {
            return optional(at, word, (Class<?>) parts[0], node, where, base);
        }
        var key = at.substring(path.isEmpty() ? 0 : path.length() + 1);
        if (type.getRawType() == List.class) {
            return ValueFormat.of((Class<?>) parts[0], word)
                    .map(text -> list(at, key, text, node, where, base))
                    .orElseGet(() -> groups(key, word, parts[0], node, base));
        }
        if (type.getRawType() == Map.class) {
            var values = new HashMap<Object, Object>();
            if (base instanceof Map<?, ?> inherited) {
                values.putAll(inherited);
            }
            entries(key, (element, entry) -> {
                Object name = name(element, entry, (Class<?>) parts[0]);
                Object value = value(
                        element, word, parts[1], entry.value(), entry.value().place(), values.get(name));
                if (name != null && value != null) {
                    values.put(name, value);
                }
            });
            return Map.copyOf(values);
        }
        throw new IllegalStateException(at + " has a type that settings cannot have: " + type.getTypeName());
    }

    /** What may be absent: it is there where it, or any key below it, is written or inherited, unless it says none. */
    private @Nullable Object optional(
            String at, String word, Class<?> type, @Nullable YamlNode node, Place where, @Nullable Object base) {
        Object inherited = base instanceof Optional<?> optional ? optional.orElse(null) : null;
        Optional<String> variable = reading.variable(at);
        String name = SettingsReading.variableName(at);
        String whole = variable.orElseGet(() -> node instanceof Scalar scalar ? scalar.text() : "");
        if (whole.equals(NONE)) {
            reading.inForce(at, NONE, variable.isPresent() ? name : reading.source + ":" + where.line());
            return Optional.empty();
        }
        if (type.isRecord() && variable.isPresent()) {
            String message = KeyNames.quote(whole) + " is not accepted; write " + NONE + ", or set what belongs to it";
            reading.problems.add(name, Problems.NOWHERE, at, message);
            return null;
        }
        boolean written = node != null || variable.isPresent() || (type.isRecord() && reading.hasBelow(at));
        return written || inherited != null
                ? Optional.ofNullable(value(at, word, type, node, where, inherited))
                : Optional.empty();
    }

    /** A list of plain values, which is one setting: a variable has it whole, with commas between. */
    private @Nullable Object list(
            String at, String key, ValueFormat<?> text, @Nullable YamlNode node, Place where, @Nullable Object base) {
        Optional<String> variable = reading.variable(at);
        String name = SettingsReading.variableName(at);
        int before = reading.problems.count();
        var values = new ArrayList<Object>();
        if (variable.isPresent()) {
            Arrays.stream(variable.get().split(","))
                    .map(String::strip)
                    .filter(written -> !written.isEmpty())
                    .forEach(written -> add(values, parse(at, text, name, Problems.NOWHERE, written)));
        } else if (node == null) {
            return base == null ? List.of() : inForce(at, (List<?>) base, text, fallback);
        } else {
            elements(key, (element, each) -> add(values, element(element, text, each)));
        }
        if (reading.problems.count() > before) {
            return null;
        }
        return inForce(
                at, List.copyOf(values), text, variable.isPresent() ? name : reading.source + ":" + where.line());
    }

    /** A list of groups of keys, which only a file can have. */
    private Object groups(String key, String word, Type type, @Nullable YamlNode node, @Nullable Object base) {
        var values = new ArrayList<Object>();
        elements(key, (element, each) -> add(values, value(element, word, type, each, each.place(), null)));
        return node == null && base != null ? base : List.copyOf(values);
    }

    private @Nullable Object element(String at, ValueFormat<?> text, YamlNode node) {
        if (node instanceof Scalar scalar && !scalar.empty()) {
            return parse(at, text, reading.source, node.place(), scalar.text());
        }
        problem(node.place(), at, "here is " + node.kind() + " where one value belongs");
        return null;
    }

    private List<?> inForce(String at, List<?> values, ValueFormat<?> text, String origin) {
        reading.inForce(at, values.stream().map(text::of).collect(Collectors.joining(", ")), origin);
        return values;
    }

    private static void add(List<Object> values, @Nullable Object value) {
        if (value != null) {
            values.add(value);
        }
    }

    private @Nullable Object scalar(
            String at, ValueFormat<?> text, @Nullable YamlNode node, Place where, @Nullable Object base) {
        Optional<String> variable = reading.variable(at);
        if (variable.isPresent()) {
            String name = SettingsReading.variableName(at);
            Object value = parse(at, text, name, Problems.NOWHERE, variable.get());
            return inForce(at, text, value, name);
        }
        if (node == null) {
            return absent(at, text, where, base);
        }
        if (!(node instanceof Scalar scalar)) {
            problem(where, at, "here is " + node.kind() + " where one value belongs");
            return null;
        }
        if (scalar.empty()) {
            problem(where, at, "has no value; write one, or leave the key out");
            return null;
        }
        Object value = parse(at, text, reading.source, where, scalar.text());
        return inForce(at, text, value, reading.source + ":" + where.line());
    }

    private @Nullable Object absent(String at, ValueFormat<?> text, Place where, @Nullable Object base) {
        if (base == null) {
            problem(where, at, "is missing, and has no default; write it here");
        }
        return inForce(at, text, base, fallback);
    }

    private @Nullable Object inForce(String at, ValueFormat<?> text, @Nullable Object value, String origin) {
        if (value != null) {
            reading.inForce(at, text.of(value), origin);
        }
        return value;
    }

    private @Nullable Object parse(String at, ValueFormat<?> text, String source, Place where, String written) {
        try {
            boolean file = source.equals(reading.source);
            return text.read().apply(file ? reading.interpolate(written) : written);
        } catch (IllegalArgumentException e) {
            reading.problems.add(source, where, at, String.valueOf(e.getMessage()));
            return null;
        }
    }

    private @Nullable Object name(String at, Entry entry, Class<?> type) {
        ValueFormat<?> text = ValueFormat.of(type, "")
                .orElseThrow(() -> new IllegalStateException(at + " has a key that is not text: " + type.getName()));
        try {
            return text.read().apply(entry.key());
        } catch (IllegalArgumentException e) {
            problem(entry.place(), at, String.valueOf(e.getMessage()));
            return null;
        }
    }

    private interface Each<T> {
        void read(String at, T node);
    }

    private void elements(String key, Each<YamlNode> each) {
        asked.add(key);
        YamlNode node = mapping.entry(key).map(Entry::value).orElse(null);
        if (node instanceof Sequence(var _, var elements)) {
            for (int i = 0; i < elements.size(); i++) {
                each.read(below(key) + "[" + i + "]", elements.get(i));
            }
        } else {
            refuseUnlessEmpty(node, below(key), "a list");
        }
    }

    private void entries(String key, Each<Entry> each) {
        asked.add(key);
        YamlNode node = mapping.entry(key).map(Entry::value).orElse(null);
        if (node instanceof Mapping(var _, var entries)) {
            entries.forEach(entry -> each.read(below(key) + "." + entry.key(), entry));
        } else {
            refuseUnlessEmpty(node, below(key), "a group of keys");
        }
    }

    private void refuseUnlessEmpty(@Nullable YamlNode node, String at, String expected) {
        if (node != null && !(node instanceof Scalar scalar && scalar.empty())) {
            problem(node.place(), at, "here is " + node.kind() + " where " + expected + " belongs");
        }
    }

    private @Nullable Object record(Class<?> type, @Nullable Object given) {
        var components = new Components(type);
        Object base = given == null ? components.whereNothingIsInherited() : given;
        int before = reading.problems.count();
        List<Object> values = new ArrayList<>();
        for (int i = 0; i < components.size(); i++) {
            Object inherited = base == null ? null : components.of(base, i);
            Object value = component(components.key(i), components.type(i), inherited);
            if (value != null) {
                values.add(value);
            }
        }
        if (reading.problems.count() > before || values.size() < components.size()) {
            return base;
        }
        try {
            return components.construct(values);
        } catch (IllegalArgumentException e) {
            if (base == null) {
                problem(place, path, String.valueOf(e.getMessage()));
            } else {
                components.blame(base, values, e).forEach(this::refuse);
            }
            return base;
        }
    }

    private void refuse(Components.Refusal refusal) {
        String at = refusal.key().isEmpty() ? path : below(refusal.key());
        if (reading.has(at)) {
            reading.problems.add(SettingsReading.variableName(at), Problems.NOWHERE, at, refusal.message());
        } else {
            Place where =
                    mapping.entry(refusal.key()).map(e -> e.value().place()).orElse(place);
            problem(where, at, refusal.message());
        }
    }
}
