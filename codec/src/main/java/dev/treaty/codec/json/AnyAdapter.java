package dev.treaty.codec.json;

import dev.treaty.codec.Json;
import dev.treaty.core.contract.Shape.Scalar;
import java.math.BigDecimal;
import java.time.temporal.Temporal;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonToken;

/** Reads and writes values without a contract, as maps, lists and scalars; {@link Json} describes them. */
public enum AnyAdapter implements JsonAdapter {
    /** The only instance. */
    ANY;

    private static final JsonAdapter MAP = new MapAdapter(null, ANY);
    private static final JsonAdapter LIST = new CollectionAdapter(ANY, List.class);
    private static final JsonAdapter DECIMAL = ScalarAdapter.of(Scalar.DECIMAL, BigDecimal.class);

    @Override
    public String expected() {
        return "a value";
    }

    @Override
    public Object read(MessageReader in) {
        return switch (in.parser().currentToken()) {
            case START_OBJECT -> MAP.read(in);
            case START_ARRAY -> LIST.read(in);
            case VALUE_STRING -> in.parser().getString();
            case VALUE_NUMBER_INT -> in.parser().getNumberValue();
            case VALUE_NUMBER_FLOAT -> DECIMAL.read(in);
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            default -> throw in.mismatch(expected());
        };
    }

    @Override
    public @Nullable Object readElement(MessageReader in) {
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
            case Map<?, ?> map -> MAP.write(out, map);
            case Optional<?> optional -> writeElement(out, optional.orElse(null));
            case Temporal time -> out.generator().writeString(time.toString());
            case Iterable<?> list -> LIST.write(out, list);
            default -> {
                if (!value.getClass().isArray()) {
                    throw out.reject(
                            "has a value that JSON does not have: use maps, lists, strings, numbers and booleans");
                }
                LIST.write(out, value);
            }
        }
    }

    @Override
    public void writeElement(MessageWriter out, @Nullable Object value) {
        if (value == null) {
            out.generator().writeNull();
        } else {
            write(out, value);
        }
    }
}
