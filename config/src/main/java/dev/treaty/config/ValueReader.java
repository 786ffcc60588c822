package dev.treaty.config;

import dev.treaty.config.YamlNode.Entry;
import dev.treaty.core.text.PrintableText;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Reads the values of one Java type: plain values, optional values, lists, maps with text as keys, and records. A value
 * that is not set is the slot's base.
 */
interface ValueReader {
    /** Returns the value, or null if it is missing or invalid, which is recorded. */
    @Nullable
    Object read(Slot slot);

    /**
     * Returns the reader of a type.
     *
     * @param key the last part of the key, which distinguishes sizes in bytes from other numbers
     */
    static ValueReader of(Type type, String key) {
        if (type instanceof ParameterizedType generic) {
            Type[] arguments = generic.getActualTypeArguments();
            Type content = arguments[arguments.length - 1];
            if (generic.getRawType() == Optional.class) {
                return new OptionalReader(of(content, key));
            }
            if (generic.getRawType() == List.class) {
                return listOf(content, key);
            }
            if (generic.getRawType() == Map.class) {
                ValueFormat<?> names =
                        ValueFormat.of((Class<?>) arguments[0], "").orElseThrow();
                return new MapReader(names, of(content, key));
            }
        } else if (type instanceof Class<?> plain) {
            Optional<ValueFormat<?>> format = ValueFormat.of(plain, key);
            if (format.isPresent() || plain.isRecord()) {
                return format.<ValueReader>map(PlainReader::new).orElseGet(() -> RecordReader.of(plain));
            }
        }
        throw new IllegalArgumentException(key + " has a type that settings cannot have: " + type.getTypeName());
    }

    static ValueReader listOf(Type content, String key) {
        ValueReader element = of(content, key);
        return element instanceof PlainReader(var format) ? new PlainListReader(format) : new GroupListReader(element);
    }

    /** Reads one value from its variable or from the file. */
    record PlainReader(ValueFormat<?> format) implements ValueReader {
        @Override
        public @Nullable Object read(Slot slot) {
            Optional<Slot.Text> text = slot.text();
            boolean missing = text.isEmpty() && slot.node() == null;
            if (missing && slot.base() == null) {
                slot.problem("is missing and has no default; set it here");
            }
            Object value = missing ? slot.base() : slot.parse(format);
            if (value != null) {
                slot.inEffect(
                        format,
                        missing ? format.of(value) : slot.shown(format, value, text),
                        text.map(Slot.Text::origin).orElse(slot.origin()));
            }
            return value;
        }
    }

    /**
     * Reads an optional value. It is present if the value, or any key of the group, is set or inherited; the text
     * {@code none} removes an inherited value.
     */
    record OptionalReader(ValueReader content) implements ValueReader {
        private static final String NONE = "none";
        private static final ValueFormat<?> WORD =
                ValueFormat.of(String.class, "").orElseThrow();

        @Override
        public @Nullable Object read(Slot slot) {
            Optional<Slot.Text> text = slot.text();
            if (text.isPresent() && text.get().value().equals(NONE)) {
                slot.inEffect(WORD, NONE, text.get().origin());
                return Optional.empty();
            }
            boolean group = content instanceof RecordReader;
            if (group && slot.variable().isPresent()) {
                String value = PrintableText.quote(text.orElseThrow().value());
                slot.problemWithValue(value + " is not accepted; write " + NONE + ", or set the keys of the group");
                return null;
            }
            Object inherited = slot.base() instanceof Optional<?> optional ? optional.orElse(null) : null;
            boolean set = text.isPresent()
                    || slot.node() != null
                    || (group && slot.reading().hasBelow(slot.path()));
            return set || inherited != null
                    ? Optional.ofNullable(content.read(slot.withBase(inherited)))
                    : Optional.empty();
        }
    }

    /** Reads a list of plain values; a variable or another text holds all elements, separated by commas. */
    record PlainListReader(ValueFormat<?> format) implements ValueReader {
        private record Element(Slot slot, Optional<Slot.Text> text) {}

        @Override
        public @Nullable Object read(Slot slot) {
            Optional<Slot.Text> listed = slot.listText();
            if (listed.isEmpty() && slot.node() == null) {
                return slot.base() == null ? List.of() : inherited(slot, (List<?>) slot.base());
            }
            int problems = slot.reading().problems.count();
            List<Element> elements = listed.map(text -> elements(slot, text)).orElseGet(() -> elements(slot));
            List<@Nullable Object> values = elements.stream()
                    .<@Nullable Object>map(each ->
                            each.text.isPresent() ? each.slot.parse(format, each.text.get()) : each.slot.parse(format))
                    .toList();
            if (slot.reading().problems.count() > problems) {
                return null;
            }
            String shown = IntStream.range(0, values.size())
                    .mapToObj(i -> slot.shown(format, Objects.requireNonNull(values.get(i)), elements.get(i).text))
                    .collect(Collectors.joining(", "));
            slot.inEffect(
                    format,
                    shown,
                    listed.map(Slot.Text::origin).orElse(slot.place().origin()));
            return values;
        }

        private static List<Element> elements(Slot slot) {
            return slot.elements().stream()
                    .map(element -> new Element(element, element.text()))
                    .toList();
        }

        private static List<Element> elements(Slot slot, Slot.Text text) {
            return Stream.of(text.value().split(","))
                    .map(String::strip)
                    .filter(element -> !element.isEmpty())
                    .map(element -> new Element(slot, Optional.of(new Slot.Text(element, text.place()))))
                    .toList();
        }

        private List<?> inherited(Slot slot, List<?> values) {
            slot.inEffect(format, values.stream().map(format::of).collect(Collectors.joining(", ")), slot.origin());
            return values;
        }
    }

    /** Reads a list of groups, which only a file can contain. */
    record GroupListReader(ValueReader element) implements ValueReader {
        @Override
        public Object read(Slot slot) {
            return slot.node() == null && slot.base() != null
                    ? slot.base()
                    : slot.elements().stream()
                            .map(element::read)
                            .filter(Objects::nonNull)
                            .toList();
        }
    }

    /** Reads a map; entries that are not set are inherited. */
    record MapReader(ValueFormat<?> names, ValueReader content) implements ValueReader {
        @Override
        public Object read(Slot slot) {
            var values = new HashMap<Object, Object>(slot.base() instanceof Map<?, ?> inherited ? inherited : Map.of());
            for (Entry entry : slot.entries()) {
                Object name = slot.name(names, entry);
                Object value = content.read(slot.below(entry, name == null ? null : values.get(name)));
                if (name != null && value != null) {
                    values.put(name, value);
                }
            }
            return Map.copyOf(values);
        }
    }
}
