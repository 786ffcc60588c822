package dev.treaty.codec.json;

import dev.treaty.codec.Json;
import java.lang.reflect.Array;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Duration;
import java.time.temporal.Temporal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonToken;

/** Values whose shape nobody knows here, as maps, lists and scalars; {@link Json} says which. */
public enum AnyAdapter implements JsonAdapter {
    /** The one instance. */
    ANY;

    @Override
    public String expected() {
        return "a value";
    }

    @Override
    public Object read(MessageReader in) {
        return switch (in.parser.currentToken()) {
            case START_OBJECT -> map(in);
            case START_ARRAY -> {
                var list = new ArrayList<@Nullable Object>();
                while (in.parser.nextToken() != JsonToken.END_ARRAY) {
                    list.add(readNullable(in));
                }
                yield list;
            }
            case VALUE_STRING -> in.parser.getString();
            case VALUE_NUMBER_INT -> in.parser.getNumberValue();
            case VALUE_NUMBER_FLOAT -> in.parser.getDecimalValue();
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            default -> throw in.mismatch(expected());
        };
    }

    private @Nullable Object readNullable(MessageReader in) {
        return in.parser.currentToken() == JsonToken.VALUE_NULL ? null : read(in);
    }

    private Map<String, @Nullable Object> map(MessageReader in) {
        var map = new LinkedHashMap<String, @Nullable Object>();
        for (String name = in.parser.nextName(); name != null; name = in.parser.nextName()) {
            if (map.containsKey(name)) {
                throw in.refuse("is given twice");
            }
            in.parser.nextToken();
            map.put(name, readNullable(in));
        }
        return map;
    }

    @Override
    public void write(MessageWriter out, Object value) {
        JsonGenerator generator = out.generator;
        switch (value) {
            case String text -> generator.writeString(text);
            case Boolean bool -> generator.writeBoolean(bool);
            case Integer number -> generator.writeNumber(number);
            case Long number -> generator.writeNumber(number);
            case Short number -> generator.writeNumber(number.intValue());
            case Byte number -> generator.writeNumber(number.intValue());
            case BigInteger number -> generator.writeNumber(number);
            case BigDecimal number -> generator.writeNumber(number);
            case Double number -> ScalarAdapter.FLOAT64.write(out, number);
            case Float number -> ScalarAdapter.FLOAT32.write(out, number);
            case byte[] bytes -> ScalarAdapter.BYTES.write(out, bytes);
            case Enum<?> constant -> generator.writeString(constant.name());
            case Map<?, ?> map -> writeMap(out, map);
            case Iterable<?> list -> writeList(out, list);
            case Optional<?> optional -> writeNullable(out, optional.orElse(null));
            case Temporal time -> writeTime(out, time);
            case Duration _, java.util.UUID _, java.net.URI _ -> generator.writeString(value.toString());
            default -> {
                if (!value.getClass().isArray()) {
                    throw out.refuse(
                            "holds a value that cannot travel: use maps, lists, strings, numbers and booleans");
                }
                generator.writeStartArray();
                for (int i = 0; i < Array.getLength(value); i++) {
                    writeNullable(out, Array.get(value, i));
                }
                generator.writeEndArray();
            }
        }
    }

    public void writeNullable(MessageWriter out, @Nullable Object value) {
        if (value == null) {
            out.generator.writeNull();
        } else {
            write(out, value);
        }
    }

    private void writeMap(MessageWriter out, Map<?, ?> map) {
        out.generator.writeStartObject();
        for (Map.Entry<?, ?> entry : map.entrySet()) {
            out.generator.writeName(
                    entry.getKey() instanceof Enum<?> constant ? constant.name() : String.valueOf(entry.getKey()));
            writeNullable(out, entry.getValue());
        }
        out.generator.writeEndObject();
    }

    private void writeList(MessageWriter out, Iterable<?> list) {
        out.generator.writeStartArray();
        for (Object element : list) {
            writeNullable(out, element);
        }
        out.generator.writeEndArray();
    }

    private static void writeTime(MessageWriter out, Temporal time) {
        for (ScalarAdapter form : ScalarAdapter.TIMES) {
            if (form.type().isInstance(time)) {
                form.write(out, time);
                return;
            }
        }
        out.generator.writeString(time.toString());
    }
}
