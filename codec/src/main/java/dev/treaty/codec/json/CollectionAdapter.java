package dev.treaty.codec.json;

import java.lang.reflect.Array;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.stream.IntStream;
import tools.jackson.core.JsonToken;

/** Reads and writes JSON arrays as lists, sets or Java arrays, without null elements. */
final class CollectionAdapter implements JsonAdapter {
    private final JsonAdapter element;
    private final Class<?> type;

    /** @param type {@code Set}, an array, or any other class for a list */
    CollectionAdapter(JsonAdapter element, Class<?> type) {
        this.element = element;
        this.type = type;
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
        if (type == Set.class) {
            var set = new LinkedHashSet<Object>();
            readInto(set, in);
            return Collections.unmodifiableSet(set);
        }
        var list = new ArrayList<Object>();
        readInto(list, in);
        if (!type.isArray()) {
            return Collections.unmodifiableList(list);
        }
        Object array = Array.newInstance(type.componentType(), list.size());
        for (int i = 0; i < list.size(); i++) {
            Array.set(array, i, list.get(i));
        }
        return array;
    }

    private void readInto(Collection<Object> elements, MessageReader in) {
        for (JsonToken token = in.parser.nextToken(); token != JsonToken.END_ARRAY; token = in.parser.nextToken()) {
            if (token == JsonToken.VALUE_NULL) {
                throw in.mismatch(element.expected());
            }
            if (!elements.add(element.read(in))) {
                throw in.reject("occurs twice in a set");
            }
        }
    }

    @Override
    public void write(MessageWriter out, Object value) {
        out.generator.writeStartArray();
        for (Object inner : elements(value)) {
            if (inner == null) {
                throw out.reject("must not be null");
            }
            element.write(out, inner);
        }
        out.generator.writeEndArray();
    }

    /** Returns the elements of a collection or an array. */
    static Iterable<?> elements(Object value) {
        return value instanceof Iterable<?> elements
                ? elements
                : IntStream.range(0, Array.getLength(value))
                        .mapToObj(i -> Array.get(value, i))
                        .toList();
    }
}
