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
import tools.jackson.core.JsonToken;
import tools.jackson.core.exc.InputCoercionException;

/** Reads and writes the values of one scalar as one Java type, without coercion. */
sealed interface ScalarAdapter extends JsonAdapter {
    /** The maximum exponent of a decimal, positive or negative, because expanded digits need memory. */
    int DECIMAL_EXPONENT_MAX = 1_000;

    /** The adapters of Java types. */
    Map<Class<?>, ScalarAdapter> BY_TYPE = byType();

    /** What it reads and writes. */
    Scalar scalar();

    @Override
    default String expected() {
        return switch (scalar()) {
            case STRING -> "a string";
            case BOOLEAN -> "true or false";
            case INT32, INT64 -> "a whole number (" + scalar().word() + ")";
            case FLOAT32, FLOAT64 -> "a number (" + scalar().word() + ")";
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

    private static ScalarAdapter of(Scalar scalar) {
        return switch (scalar) {
            case BOOLEAN -> new Bool(scalar);
            case INT32 -> new Whole(scalar, Integer.MIN_VALUE, Integer.MAX_VALUE, value -> (int) value);
            case INT64 -> new Whole(scalar, Long.MIN_VALUE, Long.MAX_VALUE, value -> value);
            case FLOAT32, FLOAT64, INTEGER, DECIMAL -> new Numeric(scalar);
            default -> new Text(scalar, false);
        };
    }

    private static Map<Class<?>, ScalarAdapter> byType() {
        var adapters = new HashMap<Class<?>, ScalarAdapter>();
        for (Scalar scalar : Scalar.values()) {
            adapters.put(scalar.type(), of(scalar));
        }
        adapters.put(Byte.class, new Whole(Scalar.INT32, Byte.MIN_VALUE, Byte.MAX_VALUE, value -> (byte) value));
        adapters.put(Short.class, new Whole(Scalar.INT32, Short.MIN_VALUE, Short.MAX_VALUE, value -> (short) value));
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
            return scalar.isText() ? new Text(scalar, true) : of(scalar);
        }
        return Objects.requireNonNull(find(type));
    }

    @Override
    default Object parse(String text) {
        return scalar().parse(text);
    }

    /**
     * All scalars that are JSON strings.
     *
     * @param keepsText whether values are only checked, and remain strings
     */
    record Text(Scalar scalar, boolean keepsText) implements ScalarAdapter {
        @Override
        public Object read(MessageReader in) {
            in.expect(JsonToken.VALUE_STRING, this);
            String text = in.parser().getString();
            try {
                Object value = scalar.parse(text);
                return keepsText ? text : value;
            } catch (IllegalArgumentException e) {
                throw in.reject("must be " + expected() + ", not \"" + MessageReader.echo(text) + "\"");
            }
        }

        @Override
        public void write(MessageWriter out, Object value) {
            out.generator().writeString(scalar.format(value));
        }

        @Override
        public Object parse(String text) {
            return keepsText ? text : scalar.parse(text);
        }
    }

    /** True and false. */
    record Bool(Scalar scalar) implements ScalarAdapter {
        @Override
        public Object read(MessageReader in) {
            return switch (in.parser().currentToken()) {
                case VALUE_TRUE -> true;
                case VALUE_FALSE -> false;
                default -> throw in.mismatch(expected());
            };
        }

        @Override
        public void write(MessageWriter out, Object value) {
            out.generator().writeBoolean((Boolean) value);
        }
    }

    /** Numbers without a fraction, of at most 64 bits. */
    record Whole(Scalar scalar, long min, long max, LongFunction<Object> narrow) implements ScalarAdapter {
        @Override
        public Object read(MessageReader in) {
            in.expect(JsonToken.VALUE_NUMBER_INT, this);
            try {
                long value = in.parser().getLongValue();
                if (value >= min && value <= max) {
                    return narrow.apply(value);
                }
            } catch (InputCoercionException e) {
                // more than 64 bits: rejected below
            }
            throw in.reject("must be a whole number from " + min + " to " + max);
        }

        @Override
        public void write(MessageWriter out, Object value) {
            out.generator().writeNumber(((Number) value).longValue());
        }

        @Override
        public Object parse(String text) {
            return narrow.apply(Long.parseLong(text));
        }
    }

    /** Numbers with a fraction, and those of any size. */
    record Numeric(Scalar scalar) implements ScalarAdapter {
        @Override
        public Object read(MessageReader in) {
            JsonToken token = in.parser().currentToken();
            boolean fraction = token == JsonToken.VALUE_NUMBER_FLOAT && scalar != Scalar.INTEGER;
            if (!fraction && token != JsonToken.VALUE_NUMBER_INT) {
                throw in.mismatch(expected());
            }
            try {
                Object number = switch (scalar) {
                    case FLOAT32 -> in.parser().getFloatValue();
                    case FLOAT64 -> in.parser().getDoubleValue();
                    case INTEGER -> in.parser().getBigIntegerValue();
                    default -> in.parser().getDecimalValue();
                };
                if (isInRange(number)) {
                    return number;
                }
            } catch (NumberFormatException e) {
                // an exponent of more than 32 bits: rejected below
            }
            throw in.reject("must be " + expected() + " within its range");
        }

        private static boolean isInRange(Object number) {
            return switch (number) {
                case Double d -> Double.isFinite(d);
                case Float f -> Float.isFinite(f);
                case BigDecimal d -> Math.abs((long) d.scale()) <= DECIMAL_EXPONENT_MAX;
                default -> true;
            };
        }

        @Override
        public void write(MessageWriter out, Object value) {
            if (!isInRange(value)) {
                throw out.reject("must be a finite number");
            }
            switch (value) {
                case Double d -> out.generator().writeNumber((double) d);
                case Float f -> out.generator().writeNumber((float) f);
                case BigInteger i -> out.generator().writeNumber(i);
                default -> out.generator().writeNumber((BigDecimal) value);
            }
        }
    }
}
