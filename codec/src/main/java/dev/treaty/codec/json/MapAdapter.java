package dev.treaty.codec.json;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonToken;

/**
 * Reads and writes JSON objects with arbitrary keys as maps, in the order of the message and without null values.
 *
 * @param keys the enum to which the keys belong, or null if they are strings
 */
record MapAdapter(@Nullable EnumAdapter keys, JsonAdapter values) implements JsonAdapter {
    @Override
    public String expected() {
        return "an object";
    }

    @Override
    public Object read(MessageReader in) {
        in.expect(JsonToken.START_OBJECT, this);
        var map = new LinkedHashMap<Object, Object>();
        for (String name = in.parser().nextName();
                name != null;
                name = in.parser().nextName()) {
            Object key = keys == null ? name : keys.constant(in, name);
            if (map.containsKey(key)) {
                throw in.reject("occurs twice");
            }
            if (in.parser().nextToken() == JsonToken.VALUE_NULL) {
                throw in.mismatch(values.expected());
            }
            map.put(key, values.read(in));
        }
        return Collections.unmodifiableMap(map);
    }

    @Override
    public void write(MessageWriter out, Object value) {
        out.generator().writeStartObject();
        for (Map.Entry<?, ?> entry : ((Map<?, ?>) value).entrySet()) {
            switch (entry.getKey()) {
                case Enum<?> constant -> out.generator().writeName(constant.name());
                case String name -> out.generator().writeName(name);
                case null, default -> throw out.reject("has a key that is not a string");
            }
            if (entry.getValue() == null) {
                throw out.reject("must not be null");
            }
            values.write(out, entry.getValue());
        }
        out.generator().writeEndObject();
    }
}
