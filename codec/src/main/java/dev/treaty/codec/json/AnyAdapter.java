package dev.treaty.codec.json;

import dev.treaty.codec.Json;
import java.time.temporal.Temporal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonToken;

/** Reads and writes values without a contract, as maps, lists and scalars; {@link Json} describes them. */
public enum AnyAdapter implements JsonAdapter {
    /** The only instance. */
    ANY;

    @Override
    public String expected() {
        return "a value";
    }

    @Override
    public Object read(MessageReader in) {
        return switch (in.parser().currentToken()) {
            case START_OBJECT -> {
                var map = new LinkedHashMap<String, @Nullable Object>();
                for (String name = in.parser().nextName();
                        name != null;
                        name = in.parser().nextName()) {
                    if (map.containsKey(name)) {
                        throw in.reject("occurs twice");
                    }
                    in.parser().nextToken();
                    map.put(name, readNullable(in));
                }
                yield map;
            }
            case START_ARRAY -> {
                var list = new ArrayList<@Nullable Object>();
                while (in.parser().nextToken() != JsonToken.END_ARRAY) {
                    list.add(readNullable(in));
                }
                yield list;
            }
            case VALUE_STRING -> in.parser().getString();
            case VALUE_NUMBER_INT -> in.parser().getNumberValue();
            case VALUE_NUMBER_FLOAT -> in.parser().getDecimalValue();
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            default -> throw in.mismatch(expected());
        };
    }

    /** Reads a value whose first token is the current one. */
    public @Nullable Object readNullable(MessageReader in) {
        return in.parser().currentToken() == JsonToken.VALUE_NULL ? null : read(in);
    }

    @Override
    public void write(MessageWriter out, Object value) {
        ScalarAdapter scalar = ScalarAdapter.find(value.getClass());
        if (scalar != null) {
            scalar.write(out, value);
            return;
        }
        switch (value) {
            case Enum<?> constant -> out.generator().writeString(constant.name());
            case Map<?, ?> map -> {
                out.generator().writeStartObject();
                map.forEach((key, inner) -> {
                    out.generator().writeName(key instanceof Enum<?> constant ? constant.name() : String.valueOf(key));
                    writeNullable(out, inner);
                });
                out.generator().writeEndObject();
            }
            case Optional<?> optional -> writeNullable(out, optional.orElse(null));
            case Temporal time -> out.generator().writeString(time.toString());
            default -> {
                if (!(value instanceof Iterable || value.getClass().isArray())) {
                    throw out.reject(
                            "has a value that JSON does not have: use maps, lists, strings, numbers and booleans");
                }
                out.generator().writeStartArray();
                CollectionAdapter.elements(value).forEach(element -> writeNullable(out, element));
                out.generator().writeEndArray();
            }
        }
    }

    /** Writes a value, or null. */
    public void writeNullable(MessageWriter out, @Nullable Object value) {
        if (value == null) {
            out.generator().writeNull();
        } else {
            write(out, value);
        }
    }
}
