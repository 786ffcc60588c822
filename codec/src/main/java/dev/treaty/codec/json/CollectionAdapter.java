package dev.treaty.codec.json;

import java.lang.reflect.Array;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonToken;

/** JSON arrays, as lists, sets or Java arrays. Elements are never null. */
final class CollectionAdapter implements JsonAdapter {
    private final JsonAdapter element;
    private final Kind kind;
    private final Class<?> component;

    /** What the elements are held in. */
    enum Kind {
        LIST,
        SET,
        ARRAY
    }

    /**
     * @param element the form of the elements
     * @param component the element type of a Java array; not used otherwise
     */
    CollectionAdapter(JsonAdapter element, Kind kind, Class<?> component) {
        this.element = element;
        this.kind = kind;
        this.component = component;
    }

    @Override
    public String expected() {
        return "a list";
    }

    @Override
    public Object read(MessageReader in) {
        if (in.parser.currentToken() != JsonToken.START_ARRAY) {
            throw in.mismatch(expected());
        }
        return switch (kind) {
            case LIST -> {
                var list = new ArrayList<Object>();
                each(in, list::add);
                yield Collections.unmodifiableList(list);
            }
            case SET -> {
                var set = new LinkedHashSet<Object>();
                each(in, set::add);
                yield Collections.unmodifiableSet(set);
            }
            case ARRAY -> {
                var list = new ArrayList<Object>();
                each(in, list::add);
                Object array = Array.newInstance(component, list.size());
                for (int i = 0; i < list.size(); i++) {
                    Array.set(array, i, list.get(i));
                }
                yield array;
            }
        };
    }

    private void each(MessageReader in, Function<Object, Boolean> add) {
        for (JsonToken token = in.parser.nextToken(); token != JsonToken.END_ARRAY; token = in.parser.nextToken()) {
            if (token == JsonToken.VALUE_NULL) {
                throw in.mismatch(element.expected());
            }
            if (!add.apply(element.read(in))) {
                throw in.refuse("is in the set already");
            }
        }
    }

    @Override
    public void write(MessageWriter out, Object value) {
        out.generator.writeStartArray();
        switch (value) {
            case List<?> list -> {
                for (int i = 0; i < list.size(); i++) {
                    writeElement(out, list.get(i));
                }
            }
            case Iterable<?> others -> {
                for (Object other : others) {
                    writeElement(out, other);
                }
            }
            default -> {
                for (int i = 0; i < Array.getLength(value); i++) {
                    writeElement(out, Array.get(value, i));
                }
            }
        }
        out.generator.writeEndArray();
    }

    private void writeElement(MessageWriter out, @Nullable Object value) {
        if (value == null) {
            throw out.refuse("must not be null");
        }
        element.write(out, value);
    }
}
