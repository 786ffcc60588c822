package dev.treaty.config;

import dev.treaty.config.YamlNode.Entry;
import dev.treaty.config.YamlNode.Mapping;
import dev.treaty.config.YamlNode.Place;
import dev.treaty.config.YamlNode.Scalar;
import dev.treaty.config.YamlNode.Sequence;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The settings of the application: the subtree {@code app}. Treaty does not know its keys, so they are text until the
 * application binds a record to them. All keys here are relative to {@code app}.
 *
 * <p>Their variables begin with {@code TREATY_APP_}. A text {@code file:/run/secrets/db} is the content of that file, a
 * text {@code env:DB_PASSWORD} the value of that variable; {@code $file:…} and {@code $env:…} are such texts
 * themselves.
 */
public final class AppSettings {
    /** The key of the subtree. */
    static final String KEY = "app";

    private static final ValueFormat<?> TEXT = ValueFormat.of(String.class, "").orElseThrow();

    private final SettingsReading reading;
    private final @Nullable YamlNode node;
    private final Place place;
    private final Map<String, String> texts = new TreeMap<>();

    private AppSettings(Slot slot) {
        this.reading = slot.reading();
        this.node = slot.node();
        this.place = slot.place();
    }

    /** Reads the texts of the subtree, whose keys need not be known. */
    static AppSettings read(Section root) {
        Slot slot = root.slot(KEY, null);
        var app = new AppSettings(slot);
        slot.entries().forEach(entry -> app.readTexts(slot.below(entry, null)));
        return app;
    }

    private void readTexts(Slot slot) {
        switch (slot.node()) {
            case Mapping(var _, var entries) -> entries.forEach(entry -> readTexts(slot.below(entry, null)));
            case Sequence(var _, var elements)
            when !elements.stream().allMatch(Scalar.class::isInstance) ->
                slot.elements().forEach(this::readTexts);
            case null, default -> {
                if (slot.text().isPresent() || slot.node() instanceof Sequence) {
                    put(slot);
                }
            }
        }
    }

    private void put(Slot slot) {
        Object value = slot.node() instanceof Sequence
                ? new ValueReader.PlainListReader(TEXT).read(slot)
                : new ValueReader.PlainReader(TEXT).read(slot);
        if (value != null) {
            String text = value instanceof List<?> elements
                    ? elements.stream().map(String::valueOf).collect(Collectors.joining(", "))
                    : value.toString();
            texts.put(slot.path().substring(KEY.length() + 1), text);
        }
    }

    /** Returns the text of a value, such as that of {@code payments.currency}; of a list, its elements with commas. */
    public Optional<String> get(String key) {
        return Optional.ofNullable(texts.get(key)).or(() -> reading.unknownVariable(KEY + "." + key));
    }

    /**
     * Returns the texts of all values at or below a key, by their keys relative to {@code app}. Values that only a
     * variable sets are missing: the key of a variable is known once a record is bound.
     *
     * @param prefix a key; empty for all
     */
    public Map<String, String> getAll(String prefix) {
        var found = new TreeMap<String, String>();
        texts.forEach((key, text) -> {
            boolean below = prefix.isEmpty()
                    || key.equals(prefix)
                    || key.startsWith(prefix + ".")
                    || key.startsWith(prefix + "[");
            if (below) {
                found.put(key, text);
            }
        });
        return found;
    }

    /**
     * Reads a record of the application. Each component is a key in kebab case ({@code retryMax} is {@code retry-max}).
     * A component that is not set has its value in the record's constant {@code DEFAULT}, or that of its annotation
     * {@link dev.treaty.core.contract.DefaultValue}; a component without either must be set, unless it is optional, a
     * list, a map or a record that needs none. The constructor validates.
     *
     * @param path the key of the group; empty for all of {@code app}
     * @throws ConfigurationException if a value is missing or invalid, or a key or variable unknown, with every problem
     * @throws IllegalArgumentException if the record has a type that settings cannot have, or is not open to {@code
     *     dev.treaty.config}
     */
    public <R extends Record> R bind(String path, Class<R> type) {
        String key = path.isEmpty() ? KEY : KEY + "." + path;
        SettingsReading own = reading.below(key);
        YamlNode at = node;
        for (String step : path.isEmpty() ? new String[0] : path.split("\\.", -1)) {
            at = below(at, step);
        }
        var slot = new Slot(own, key, at, at == null ? place : at.place(), null, "default");
        Object value = RecordReader.of(type).read(slot);
        own.end();
        return type.cast(Objects.requireNonNull(value)); // else there was a problem
    }

    private static @Nullable YamlNode below(@Nullable YamlNode at, String step) {
        if (at instanceof Mapping(var _, var entries)) {
            return entries.stream()
                    .filter(entry -> entry.key().equals(step))
                    .findFirst()
                    .map(Entry::value)
                    .orElse(null);
        }
        return null;
    }

    /** Returns whether the text of a full key differs, also if it is secret. */
    boolean differs(AppSettings other, String fullKey) {
        String key = fullKey.startsWith(KEY + ".") ? fullKey.substring(KEY.length() + 1) : "";
        return !Objects.equals(texts.get(key), other.texts.get(key));
    }

    /** The number of values, without them: they may be secret. */
    @Override
    public String toString() {
        return "AppSettings[" + texts.size() + " values]";
    }
}
