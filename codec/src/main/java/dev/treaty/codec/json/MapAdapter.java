package dev.treaty.codec.json;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonToken;

/**
 * Reads and writes JSON objects with arbitrary keys as maps, in the order of the message; only {@link AnyAdapter} has
 * values that are null.
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
        var map = new LinkedHashMap<Object, @Nullable Object>();
        for (String name = in.parser().nextName();
                name != null;
                name = in.parser().nextName()) {
            Object key = keys == null ? name : keys.constant(in, name);
            if (map.containsKey(key)) {
                throw in.reject("occurs twice");
            }
            in.parser().nextToken();
            map.put(key, values.readElement(in));
        }
        return Collections.unmodifiableMap(map);
    }

    @Override
    public void write(MessageWriter out, Object value) {
        out.generator().writeStartObject();
        for (Map.Entry<?, ?> entry : ((Map<?, ?>) value).entrySet()) {
            out.generator()
                    .writeName(entry.getKey() instanceof Enum<?> constant ? constant.name() : "" + entry.getKey());
            values.writeElement(out, entry.getValue());
        }
        out.generator().writeEndObject();
    }
}
