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
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonToken;
import tools.jackson.core.io.SerializedString;
import tools.jackson.core.sym.PropertyNameMatcher;
import tools.jackson.core.util.Named;

/**
 * JSON objects with known fields. The fields are read into an array in the order of the shape, checked, and only then
 * made into what Java wants: a record, a list of arguments, one result, or a map.
 */
public final class StructureAdapter implements JsonAdapter {
    /** Stands for a field that was given as null, until all fields are read. */
    private static final Object NULL = new Object();

    private final List<Part> parts;
    private final PropertyNameMatcher names;
    private final Instantiator java;
    private final @Nullable Tagging tagging;

    /** One field: its shape, its form, and what stands in Java where it is absent. */
    record Part(
            Field field,
            JsonAdapter form,
            Container container,
            @Nullable Object absent,
            SerializedString name) {
        Part(Field field, JsonAdapter form, Container container) {
            this(
                    field,
                    form,
                    container,
                    field.whenAbsent().<Object>map(form::parse).orElseGet(container::empty),
                    new SerializedString(field.name()));
        }
    }

    /** The field that tells the records of a choice apart, and its value for this one. */
    record Tagging(String field, String value) {}

    /** How a field that may be absent is held in Java. */
    enum Container {
        /** As it is, or null. */
        PLAIN,
        OPTIONAL,
        OPTIONAL_INT,
        OPTIONAL_LONG,
        OPTIONAL_DOUBLE;

        private @Nullable Object empty() {
            return switch (this) {
                case PLAIN -> null;
                case OPTIONAL -> Optional.empty();
                case OPTIONAL_INT -> OptionalInt.empty();
                case OPTIONAL_LONG -> OptionalLong.empty();
                case OPTIONAL_DOUBLE -> OptionalDouble.empty();
            };
        }

        private Object wrap(Object value) {
            return switch (this) {
                case PLAIN -> value;
                case OPTIONAL -> Optional.of(value);
                case OPTIONAL_INT -> OptionalInt.of((Integer) value);
                case OPTIONAL_LONG -> OptionalLong.of((Long) value);
                case OPTIONAL_DOUBLE -> OptionalDouble.of((Double) value);
            };
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

    /** What the fields are in Java. */
    public interface Instantiator {
        /** Makes the value of its fields, which are in the order of the shape. */
        Object make(MessageReader in, @Nullable Object[] values);

        /** One field of the value. */
        @Nullable
        Object part(Object value, int index);
    }

    /** A record. */
    record RecordClass(MethodHandle constructor, List<MethodHandle> accessors) implements Instantiator {
        @Override
        public Object make(MessageReader in, @Nullable Object[] values) {
            try {
                return (Object) constructor.invokeExact(values);
            } catch (IllegalArgumentException e) {
                // What a record says about its own arguments is meant for whoever chose them.
                boolean plain = e.getClass() == IllegalArgumentException.class && e.getMessage() != null;
                throw in.refuse(plain ? "is refused: " + e.getMessage() : "is refused: its fields do not go together");
            } catch (RuntimeException e) {
                throw in.refuse("is refused: its fields do not go together");
            } catch (Throwable e) {
                throw sneaky(e);
            }
        }

        @Override
        public @Nullable Object part(Object value, int index) {
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

    /** The other things that fields are in Java. */
    public enum Loose implements Instantiator {
        /** A list of arguments. */
        ARGUMENTS {
            @Override
            public Object make(MessageReader in, @Nullable Object[] values) {
                return Arrays.asList(values);
            }

            @Override
            public @Nullable Object part(Object value, int index) {
                return ((List<?>) value).get(index);
            }
        },
        /** The result of an operation, as a {@link Result}. */
        RESULT {
            @Override
            public Object make(MessageReader in, @Nullable Object[] values) {
                return new Result(values.length == 0 ? null : values[0]);
            }

            @Override
            public @Nullable Object part(Object value, int index) {
                return ((Result) value).value();
            }
        }
    }

    /** A result that is not a record: null for nothing, or where an absent one is held as null. */
    public record Result(@Nullable Object value) {}

    StructureAdapter(List<Part> parts, Instantiator java, @Nullable Tagging tagging) {
        this.parts = List.copyOf(parts);
        this.java = java;
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

    /** Reads an object whose first field's name is the current token; it has been looked at for the tag. */
    Object readFromName(MessageReader in) {
        return read(in, in.parser.currentNameMatch(names), false);
    }

    /** Reads an object whose tag was its first field and has been read. */
    Object readAfterTag(MessageReader in) {
        return read(in, in.parser.nextNameMatch(names), true);
    }

    private Object read(MessageReader in, int first, boolean tagged) {
        var values = new @Nullable Object[parts.size()];
        boolean tagSeen = tagged;
        for (int match = first; match != PropertyNameMatcher.MATCH_END_OBJECT; match = in.parser.nextNameMatch(names)) {
            if (match < 0) {
                unknown(in);
            } else if (match == values.length) {
                if (tagSeen) {
                    throw in.refuse("is given twice");
                }
                tagSeen = true;
                in.parser.nextToken();
            } else {
                if (values[match] != null) {
                    throw in.refuse("is given twice");
                }
                values[match] = value(in, parts.get(match));
            }
        }
        for (int i = 0; i < values.length; i++) {
            if (values[i] == null || values[i] == NULL) {
                values[i] = absent(in, parts.get(i));
            }
        }
        return java.make(in, values);
    }

    private static Object value(MessageReader in, Part part) {
        if (in.parser.nextToken() == JsonToken.VALUE_NULL) {
            if (part.field.required()) {
                throw in.mismatch(part.form.expected());
            }
            return NULL;
        }
        return part.container.wrap(part.form.read(in));
    }

    private static @Nullable Object absent(MessageReader in, Part part) {
        if (part.field.required()) {
            throw in.refuse(part.field.name(), "is missing");
        }
        return part.absent;
    }

    private void unknown(MessageReader in) {
        if (in.parser.currentToken() != JsonToken.PROPERTY_NAME) {
            throw in.mismatch(expected());
        }
        if (!in.lenient) {
            String known = parts.stream().map(p -> p.field.name()).collect(Collectors.joining(", "));
            throw in.refuse("is not known; " + (known.isEmpty() ? "there are no fields" : "the fields are " + known));
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
            Object inner = Container.unwrap(java.part(value, i));
            if (inner != null) {
                out.generator.writeName(part.name);
                part.form.write(out, inner);
            } else if (part.field.required()) {
                throw out.refuse(part.field.name(), "must not be null");
            }
        }
        out.generator.writeEndObject();
    }

    /** A structure for callers without Java types: a map of the fields that are there. */
    record Fields(List<Part> parts, @Nullable Tagging tagging) implements Instantiator {
        @Override
        public Object make(MessageReader in, @Nullable Object[] values) {
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
        public @Nullable Object part(Object value, int index) {
            return ((Map<?, ?>) value).get(parts.get(index).field.name());
        }
    }
}
