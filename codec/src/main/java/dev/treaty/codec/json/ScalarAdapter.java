package dev.treaty.codec.json;

import dev.treaty.core.contract.Shape.Scalar;
import java.lang.invoke.MethodType;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.exc.InputCoercionException;

/**
 * Reads and writes the values of one scalar as one Java type, without coercion.
 *
 * @param type a wrapper for a primitive type; {@code String} for a text that is only checked
 */
record ScalarAdapter(Scalar scalar, Class<?> type) implements JsonAdapter {
    /** The maximum exponent of a decimal, positive or negative, because expanded digits need memory. */
    private static final int DECIMAL_EXPONENT_MAX = 1_000;

    private record Whole(long min, long max, LongFunction<Object> narrow) {
        boolean includes(long value) {
            return value >= min && value <= max;
        }
    }

    /** The types of whole numbers of at most 64 bits. */
    private static final Map<Class<?>, Whole> WHOLE = Map.of(
            Byte.class, new Whole(Byte.MIN_VALUE, Byte.MAX_VALUE, value -> (byte) value),
            Short.class, new Whole(Short.MIN_VALUE, Short.MAX_VALUE, value -> (short) value),
            Integer.class, new Whole(Integer.MIN_VALUE, Integer.MAX_VALUE, value -> (int) value),
            Long.class, new Whole(Long.MIN_VALUE, Long.MAX_VALUE, value -> value));

    private static final Map<Class<?>, ScalarAdapter> BY_TYPE = byType();

    private static Map<Class<?>, ScalarAdapter> byType() {
        var adapters = new HashMap<Class<?>, ScalarAdapter>();
        for (Scalar scalar : Scalar.values()) {
            adapters.put(scalar.type(), new ScalarAdapter(scalar, scalar.type()));
        }
        adapters.put(Byte.class, new ScalarAdapter(Scalar.INT32, Byte.class));
        adapters.put(Short.class, new ScalarAdapter(Scalar.INT32, Short.class));
        Map.copyOf(adapters)
                .forEach((type, adapter) ->
                        adapters.put(MethodType.methodType(type).unwrap().returnType(), adapter));
        return Map.copyOf(adapters);
    }

    /** Returns the adapter for a Java type, or null if it is not a scalar. */
    static @Nullable ScalarAdapter find(Class<?> type) {
        return BY_TYPE.get(type);
    }

    /** Returns the adapter for a Java type; values of type {@code Object} are checked, but text remains a string. */
    static ScalarAdapter of(Scalar scalar, Class<?> type) {
        if (type == Object.class) {
            return new ScalarAdapter(scalar, scalar.isText() ? String.class : scalar.type());
        }
        return Objects.requireNonNull(find(type));
    }

    @Override
    public String expected() {
        return switch (scalar) {
            case STRING -> "a string";
            case BOOLEAN -> "true or false";
            case INT32, INT64 -> "a whole number (" + scalar.word() + ")";
            case FLOAT32, FLOAT64 -> "a number (" + scalar.word() + ")";
            case INTEGER -> "a whole number";
            case DECIMAL -> "a number";
            case BYTES -> "a string in base64";
            case INSTANT -> "a time such as 2026-11-24T09:30:00Z";
            case DATE -> "a date such as 2026-11-24";
            case TIME -> "a time of day such as 09:30:00";
            case DATETIME -> "a date and time such as 2026-11-24T09:30:00";
            case TIMESTAMP -> "a time with an offset such as 2026-11-24T09:30:00+01:00";
            case DURATION -> "a duration such as PT1.5S";
            case UUID -> "a UUID such as 123e4567-e89b-12d3-a456-426614174000";
            case URI -> "a URI such as https://example.org/a";
        };
    }

    @Override
    public Object read(MessageReader in) {
        JsonParser parser = in.parser();
        if (!isKind(parser.currentToken())) {
            throw in.mismatch(expected());
        }
        try {
            Object value = switch (scalar) {
                case BOOLEAN -> parser.currentToken() == JsonToken.VALUE_TRUE;
                case INT32, INT64 -> narrow(parser.getLongValue());
                case FLOAT32 -> parser.getFloatValue();
                case FLOAT64 -> parser.getDoubleValue();
                case INTEGER -> parser.getBigIntegerValue();
                case DECIMAL -> parser.getDecimalValue();
                default -> parse(parser.getString());
            };
            if (isInRange(value)) {
                return value;
            }
        } catch (IllegalArgumentException | InputCoercionException e) {
            // rejected below
        }
        Whole whole = WHOLE.get(type);
        throw in.reject("must be "
                + (whole != null
                        ? "a whole number from " + whole.min + " to " + whole.max
                        : expected()
                                + (scalar.isText()
                                        ? ", not \"" + MessageReader.echo(parser.getString()) + "\""
                                        : " within its range")));
    }

    private boolean isKind(JsonToken token) {
        return switch (token) {
            case VALUE_STRING -> scalar.isText();
            case VALUE_TRUE, VALUE_FALSE -> scalar == Scalar.BOOLEAN;
            case VALUE_NUMBER_INT -> !scalar.isText() && scalar != Scalar.BOOLEAN;
            case VALUE_NUMBER_FLOAT -> scalar == Scalar.FLOAT32 || scalar == Scalar.FLOAT64 || scalar == Scalar.DECIMAL;
            default -> false;
        };
    }

    /** @throws IllegalArgumentException if the number is out of range */
    private Object narrow(long value) {
        Whole whole = Objects.requireNonNull(WHOLE.get(type));
        if (!whole.includes(value)) {
            throw new IllegalArgumentException(value + " is out of range");
        }
        return whole.narrow.apply(value);
    }

    private static boolean isInRange(Object value) {
        return switch (value) {
            case Double d -> Double.isFinite(d);
            case Float f -> Float.isFinite(f);
            case BigDecimal d -> Math.abs((long) d.scale()) <= DECIMAL_EXPONENT_MAX;
            default -> true;
        };
    }

    @Override
    public Object parse(String text) {
        if (WHOLE.containsKey(type)) {
            return narrow(Long.parseLong(text));
        }
        Object value = scalar.parse(text);
        return type == String.class ? text : value;
    }

    @Override
    public void write(MessageWriter out, Object value) {
        if (!isInRange(value)) {
            throw out.reject("must be a finite number");
        }
        switch (type.cast(value)) {
            case Boolean b -> out.generator().writeBoolean(b);
            case Double d -> out.generator().writeNumber((double) d);
            case Float f -> out.generator().writeNumber((float) f);
            case BigInteger i -> out.generator().writeNumber(i);
            case BigDecimal d -> out.generator().writeNumber(d);
            case Number whole -> out.generator().writeNumber(whole.longValue());
            default -> out.text(scalar.format(value));
        }
    }
}
