package dev.treaty.config;

import dev.treaty.config.YamlNode.Entry;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A group of keys of the configuration, read into immutable values.
 *
 * <p>Each key is read by the {@link ValueReader} of its Java type. Invalid values are recorded as problems and reading
 * continues, so that one run reports all of them. The section remembers which keys were read; all others are unknown.
 */
final class Section {
    private final Slot slot;
    private final Map<String, Entry> entries;
    private final TreeSet<String> known = new TreeSet<>();

    Section(Slot slot) {
        this.slot = slot;
        this.entries = slot.entries().stream().collect(Collectors.toMap(Entry::key, entry -> entry));
    }

    boolean has(String key) {
        return entries.containsKey(key);
    }

    /** Returns the place for the value of a key. */
    Slot slot(String key, @Nullable Object base) {
        known.add(key);
        Entry entry = entries.get(key);
        return entry == null ? slot.missing(key, base) : slot.below(entry, base);
    }

    /** Returns the value of a key, or the base if the key is not set. */
    @SuppressWarnings("unchecked")
    <T> T read(String key, T base) {
        Class<?> type = base instanceof Enum<?> constant ? constant.getDeclaringClass() : base.getClass();
        Object value = ValueReader.of(type, key).read(slot(key, base));
        return value == null ? base : (T) value;
    }

    /** Returns the value of a required key; empty if it is missing or invalid, which is recorded. */
    <T> Optional<T> read(String key, Class<T> type) {
        return Optional.ofNullable(type.cast(ValueReader.of(type, key).read(slot(key, null))));
    }

    /** Reads a record whose components are the keys of this section. */
    @SuppressWarnings("unchecked")
    <R extends Record> R read(R base) {
        Object value = RecordReader.of(base.getClass()).read(this, base);
        return value == null ? base : (R) value;
    }

    /** Returns the texts listed under a key. */
    @SuppressWarnings("unchecked")
    List<String> texts(String key) {
        Object values = ValueReader.listOf(String.class, key).read(slot(key, null));
        return values == null ? List.of() : (List<String>) values;
    }

    /** Returns the texts under a key by their names. */
    @SuppressWarnings("unchecked")
    Map<String, String> textMap(String key) {
        ValueFormat<?> text = ValueFormat.of(String.class, key).orElseThrow();
        ValueReader value = new ValueReader.PlainReader(text);
        return (Map<String, String>) new ValueReader.MapReader(text, value).read(slot(key, null));
    }

    /** Returns the groups listed under a key, without invalid ones. */
    @SuppressWarnings("unchecked")
    <T> List<T> groups(String key, Function<Section, Optional<T>> read) {
        ValueReader element = slot -> read.apply(slot.section()).orElse(null);
        return (List<T>) new ValueReader.GroupListReader(element).read(slot(key, null));
    }

    /** Returns the groups under a key by their names; values that they do not set are inherited. */
    @SuppressWarnings("unchecked")
    <K, V> Map<K, V> map(String key, Class<K> nameType, Function<Section, V> read) {
        ValueFormat<?> names = ValueFormat.of(nameType, key).orElseThrow();
        ValueReader element = slot -> read.apply(slot.section());
        return (Map<K, V>)
                new ValueReader.MapReader(names, element).read(slot(key, null).withOrigin("inherited"));
    }

    /** Returns what the constructor creates; if it rejects its arguments, this is recorded. */
    <T> Optional<T> create(Supplier<T> constructor) {
        try {
            return Optional.of(constructor.get());
        } catch (IllegalArgumentException e) {
            rejected(String.valueOf(e.getMessage()));
            return Optional.empty();
        }
    }

    /** Records why a constructor rejects its arguments: at the key that the message begins with, otherwise here. */
    void rejected(String message) {
        String start = message.replaceFirst("^the length of ", "");
        String key = known.stream()
                .filter(each -> has(each) && start.startsWith(each + " "))
                .findFirst()
                .orElse("");
        problem(key, message);
    }

    /** Records a problem with this section as a whole. */
    void problem(String message) {
        slot.problem(message);
    }

    /** Records a problem with the value of a key, at the variable or the line that sets it. */
    void problem(String key, String message) {
        (key.isEmpty() ? slot : slot(key, null)).problemWithValue(message);
    }

    /** Returns the number of problems recorded so far, of all sections. */
    int problems() {
        return slot.reading().problems.count();
    }

    /** Accepts every key, because it is unclear which keys belong here. */
    void acceptAllKeys() {
        known.addAll(entries.keySet());
    }

    /** Records a problem for each key that no setting has. */
    void reportUnknownKeys() {
        entries.forEach((key, entry) -> {
            if (!known.contains(key)) {
                String hint = KeyNames.nearest(key, known)
                        .map(near -> "did you mean " + near + "? ")
                        .orElse("");
                slot.problem(entry, "no setting has this key; " + hint + "Accepted here: " + String.join(", ", known));
            }
        });
    }
}
