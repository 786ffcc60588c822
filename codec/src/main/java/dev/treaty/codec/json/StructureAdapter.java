package dev.treaty.codec.json;

import dev.treaty.core.contract.Field;
import dev.treaty.core.contract.JavaTypes;
import dev.treaty.core.text.PrintableText;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonToken;
import tools.jackson.core.io.SerializedString;
import tools.jackson.core.sym.PropertyNameMatcher;
import tools.jackson.core.util.Named;

/**
 * Reads and writes JSON objects with known fields. The fields are read into an array in the order of the shape and
 * checked; then a {@link Creator} makes the Java value of them: a record, a list or a map.
 */
public final class StructureAdapter implements JsonAdapter {
    /** Represents a field that is null in the message, until all fields are read. */
    private static final Object NULL = new Object();

    /** The longest message of a record that is passed on, in characters. */
    private static final int SHOWN_LENGTH_MAX = 400;

    private final List<Part> parts;
    private final PropertyNameMatcher names;
    private final Creator creator;
    private final @Nullable Getter getter;
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

    /** Creates the Java value of an object from its fields, which are in the order of the shape. */
    interface Creator {
        Object create(MessageReader in, @Nullable Object[] values);
    }

    /** Returns one field of the Java value of an object. */
    interface Getter {
        @Nullable
        Object get(Object value, int index);
    }

    /** The constructor and the accessors of a record. */
    record RecordHandles(MethodHandle constructor, List<MethodHandle> accessors) {
        Object create(MessageReader in, @Nullable Object[] values) {
            try {
                return (Object) constructor.invokeExact(values);
            } catch (RuntimeException e) {
                // The message of an IllegalArgumentException is about the arguments; others may reveal internals.
                String message = e.getClass() == IllegalArgumentException.class ? e.getMessage() : null;
                throw in.reject("is invalid: "
                        + (message == null
                                ? "its record rejects these values"
                                : PrintableText.line(message, SHOWN_LENGTH_MAX)));
            } catch (Throwable e) {
                throw sneaky(e);
            }
        }

        @Nullable
        Object get(Object value, int index) {
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

    /** @param getter null for values without Java types, which {@link AnyAdapter} writes */
    StructureAdapter(List<Part> parts, Creator creator, @Nullable Getter getter, @Nullable Tagging tagging) {
        this.parts = List.copyOf(parts);
        this.creator = creator;
        this.getter = getter;
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
        in.expect(JsonToken.START_OBJECT, this);
        return read(in, in.parser().nextNameMatch(names), false);
    }

    /** Reads an object if the current token is the name of its first field. */
    Object readFromName(MessageReader in) {
        return read(in, in.parser().currentNameMatch(names), false);
    }

    /** Reads an object whose first field is the tag, which has been read. */
    Object readAfterTag(MessageReader in) {
        return read(in, in.parser().nextNameMatch(names), true);
    }

    private Object read(MessageReader in, int first, boolean tagRead) {
        var values = new @Nullable Object[parts.size()];
        boolean tagged = tagRead;
        for (int match = first;
                match != PropertyNameMatcher.MATCH_END_OBJECT;
                match = in.parser().nextNameMatch(names)) {
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
                in.parser().nextToken();
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
        return creator.create(in, values);
    }

    private static Object value(MessageReader in, Part part) {
        if (in.parser().nextToken() == JsonToken.VALUE_NULL) {
            if (part.field.required()) {
                throw in.mismatch(part.adapter.expected());
            }
            return NULL;
        }
        return part.container.apply(part.adapter.read(in));
    }

    private void skipUnknown(MessageReader in) {
        if (in.parser().currentToken() != JsonToken.PROPERTY_NAME) {
            throw in.mismatch(expected());
        }
        if (!in.lenient()) {
            String known = parts.stream().map(p -> p.field.name()).collect(Collectors.joining(", "));
            throw in.reject("is not known; " + (known.isEmpty() ? "there are no fields" : "the fields are " + known));
        }
        in.parser().nextToken();
        in.parser().skipChildren();
    }

    @Override
    public void write(MessageWriter out, Object value) {
        if (getter == null) {
            AnyAdapter.ANY.write(out, value);
            return;
        }
        out.generator().writeStartObject();
        if (tagging != null) {
            out.generator().writeName(tagging.field);
            out.generator().writeString(tagging.value);
        }
        for (int i = 0; i < parts.size(); i++) {
            Part part = parts.get(i);
            Object inner = JavaTypes.unwrap(getter.get(value, i));
            if (inner != null) {
                out.generator().writeName(part.name);
                part.adapter.write(out, inner);
            } else if (part.field.required()) {
                throw out.reject(part.field.name(), "must not be null");
            }
        }
        out.generator().writeEndObject();
    }
}
