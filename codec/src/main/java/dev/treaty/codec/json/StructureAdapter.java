package dev.treaty.codec.json;

import dev.treaty.core.contract.Field;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonToken;
import tools.jackson.core.io.SerializedString;
import tools.jackson.core.sym.PropertyNameMatcher;
import tools.jackson.core.util.Named;

/**
 * Reads and writes JSON objects with known fields. The fields are read into an array in the order of the shape and
 * checked; then an {@link Instantiator} creates the Java value: a record, a list or a map.
 */
public final class StructureAdapter implements JsonAdapter {
    /** Represents a field that is null in the message, until all fields are read. */
    private static final Object NULL = new Object();

    private final List<Part> parts;
    private final PropertyNameMatcher names;
    private final Instantiator instantiator;
    private final @Nullable Tagging tagging;

    /** One field: its shape, its adapter, and the Java value if it is absent. */
    record Part(
            Field field,
            JsonAdapter adapter,
            UnaryOperator<Object> container,
            @Nullable Object absent,
            SerializedString name) {
        /**
         * @param container converts a value into the {@link Optional} that the field has in Java
         * @param empty the Java value of an absent field without a default
         */
        static Part of(Field field, JsonAdapter adapter, UnaryOperator<Object> container, @Nullable Object empty) {
            Object absent = field.whenAbsent().<Object>map(adapter::parse).orElse(empty);
            return new Part(field, adapter, container, absent, new SerializedString(field.name()));
        }
    }

    /** The field that identifies a record of a choice, and its value for this record. */
    record Tagging(String field, String value) {}

    /** Creates the Java value of an object from its fields, and reads the fields of such a value. */
    interface Instantiator {
        /** Creates a value from its fields, which are in the order of the shape. */
        Object create(MessageReader in, @Nullable Object[] values);

        /** Returns one field of a value. */
        @Nullable
        Object field(Object value, int index);
    }

    /** Creates records. */
    record RecordInstantiator(MethodHandle constructor, List<MethodHandle> accessors) implements Instantiator {
        @Override
        public Object create(MessageReader in, @Nullable Object[] values) {
            try {
                return (Object) constructor.invokeExact(values);
            } catch (RuntimeException e) {
                // The message of an IllegalArgumentException is about the arguments; others may reveal internals.
                boolean meant = e.getClass() == IllegalArgumentException.class && e.getMessage() != null;
                throw in.reject("is invalid: " + (meant ? e.getMessage() : "its record rejects these values"));
            } catch (Throwable e) {
                throw sneaky(e);
            }
        }

        @Override
        public @Nullable Object field(Object value, int index) {
            try {
                return (Object) accessors.get(index).invokeExact(value);
            } catch (Throwable e) {
                throw sneaky(e);
            }
        }

        @SuppressWarnings("unchecked")
        private static <X extends Throwable> RuntimeException sneaky(Throwable e) throws X {
            throw (X) e;
        }
    }

    /** Creates lists: the arguments of an operation, or its result as the only element, none for {@code void}. */
    enum ListInstantiator implements Instantiator {
        LIST;

        @Override
        public Object create(MessageReader in, @Nullable Object[] values) {
            return Arrays.asList(values);
        }

        @Override
        public @Nullable Object field(Object value, int index) {
            return ((List<?>) value).get(index);
        }
    }

    /** Creates maps of the fields that are present, for messages without Java types. */
    record MapInstantiator(List<Part> parts, @Nullable Tagging tagging) implements Instantiator {
        @Override
        public Object create(MessageReader in, @Nullable Object[] values) {
            Map<String, Object> map = new LinkedHashMap<>();
            if (tagging != null) {
                map.put(tagging.field, tagging.value);
            }
            for (int i = 0; i < values.length; i++) {
                Object value = values[i];
                if (value != null) {
                    map.put(parts.get(i).field.name(), value);
                }
            }
            return map;
        }

        @Override
        public @Nullable Object field(Object value, int index) {
            return ((Map<?, ?>) value).get(parts.get(index).field.name());
        }
    }

    StructureAdapter(List<Part> parts, Instantiator instantiator, @Nullable Tagging tagging) {
        this.parts = List.copyOf(parts);
        this.instantiator = instantiator;
        this.tagging = tagging;
        var known = new ArrayList<Named>();
        parts.forEach(part -> known.add(Named.fromString(part.field.name())));
        if (tagging != null) {
            known.add(Named.fromString(tagging.field));
        }
        this.names = JsonFormat.FACTORY.constructNameMatcher(known, false);
    }

    @Override
    public String expected() {
        return "an object";
    }

    @Override
    public Object read(MessageReader in) {
        if (in.parser.currentToken() != JsonToken.START_OBJECT) {
            throw in.mismatch(expected());
        }
        return read(in, in.parser.nextNameMatch(names), false);
    }

    /** Reads an object if the current token is the name of its first field. */
    Object readFromName(MessageReader in) {
        return read(in, in.parser.currentNameMatch(names), false);
    }

    /** Reads an object whose first field is the tag, which has been read. */
    Object readAfterTag(MessageReader in) {
        return read(in, in.parser.nextNameMatch(names), true);
    }

    private Object read(MessageReader in, int first, boolean tagRead) {
        var values = new @Nullable Object[parts.size()];
        boolean tagged = tagRead;
        for (int match = first; match != PropertyNameMatcher.MATCH_END_OBJECT; match = in.parser.nextNameMatch(names)) {
            if (match < 0) {
                skipUnknown(in);
                continue;
            }
            boolean tag = match == values.length;
            if (tag ? tagged : values[match] != null) {
                throw in.reject("occurs twice");
            }
            if (tag) {
                tagged = true;
                in.parser.nextToken();
            } else {
                values[match] = value(in, parts.get(match));
            }
        }
        for (int i = 0; i < values.length; i++) {
            if (values[i] == null || values[i] == NULL) {
                Part part = parts.get(i);
                if (part.field.required()) {
                    throw in.reject(part.field.name(), "is missing");
                }
                values[i] = part.absent;
            }
        }
        return instantiator.create(in, values);
    }

    private static Object value(MessageReader in, Part part) {
        if (in.parser.nextToken() == JsonToken.VALUE_NULL) {
            if (part.field.required()) {
                throw in.mismatch(part.adapter.expected());
            }
            return NULL;
        }
        return part.container.apply(part.adapter.read(in));
    }

    private void skipUnknown(MessageReader in) {
        if (in.parser.currentToken() != JsonToken.PROPERTY_NAME) {
            throw in.mismatch(expected());
        }
        if (!in.lenient) {
            String known = parts.stream().map(p -> p.field.name()).collect(Collectors.joining(", "));
            throw in.reject("is not known; " + (known.isEmpty() ? "there are no fields" : "the fields are " + known));
        }
        in.parser.nextToken();
        in.parser.skipChildren();
    }

    @Override
    public void write(MessageWriter out, Object value) {
        out.generator.writeStartObject();
        if (tagging != null) {
            out.generator.writeName(tagging.field);
            out.generator.writeString(tagging.value);
        }
        for (int i = 0; i < parts.size(); i++) {
            Part part = parts.get(i);
            Object inner = unwrap(instantiator.field(value, i));
            if (inner != null) {
                out.generator.writeName(part.name);
                part.adapter.write(out, inner);
            } else if (part.field.required()) {
                throw out.reject(part.field.name(), "must not be null");
            }
        }
        out.generator.writeEndObject();
    }

    private static @Nullable Object unwrap(@Nullable Object value) {
        return switch (value) {
            case Optional<?> optional -> optional.orElse(null);
            case OptionalInt optional -> optional.isPresent() ? optional.getAsInt() : null;
            case OptionalLong optional -> optional.isPresent() ? optional.getAsLong() : null;
            case OptionalDouble optional -> optional.isPresent() ? optional.getAsDouble() : null;
            case null, default -> value;
        };
    }
}
