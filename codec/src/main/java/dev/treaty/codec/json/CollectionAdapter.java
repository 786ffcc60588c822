package dev.treaty.codec.json;

import java.lang.reflect.Array;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonToken;

/**
 * Reads and writes JSON arrays as lists, sets or Java arrays; only {@link AnyAdapter} has elements that are null.
 *
 * @param type {@code Set}, an array, or any other class for a list
 */
record CollectionAdapter(JsonAdapter element, Class<?> type) implements JsonAdapter {
    @Override
    public String expected() {
        return "a list";
    }

    @Override
    public Object read(MessageReader in) {
        in.expect(JsonToken.START_ARRAY, this);
        Collection<@Nullable Object> elements = type == Set.class ? new LinkedHashSet<>() : new ArrayList<>();
        while (in.parser().nextToken() != JsonToken.END_ARRAY) {
            if (!elements.add(element.readElement(in))) {
                throw in.reject("occurs twice in a set");
            }
        }
        return switch (elements) {
            case Set<@Nullable Object> set -> Collections.unmodifiableSet(set);
            case List<@Nullable Object> list when !type.isArray() -> Collections.unmodifiableList(list);
            default -> array(elements);
        };
    }

    private Object array(Collection<@Nullable Object> elements) {
        Object array = Array.newInstance(type.componentType(), elements.size());
        int i = 0;
        for (Object inner : elements) {
            Array.set(array, i++, inner);
        }
        return array;
    }

    @Override
    public void write(MessageWriter out, Object value) {
        out.generator().writeStartArray();
        for (Object inner : elements(value)) {
            element.writeElement(out, inner);
        }
        out.generator().writeEndArray();
    }

    private static Iterable<?> elements(Object value) {
        return value instanceof Iterable<?> elements
                ? elements
                : IntStream.range(0, Array.getLength(value))
                        .mapToObj(i -> Array.get(value, i))
                        .toList();
    }
}
