package dev.treaty.codec.json;

import dev.treaty.core.contract.Shape.Scalar;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Function;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.exc.InputCoercionException;

/** The values of one scalar shape as one Java type; nothing is coerced. */
abstract class ScalarAdapter implements JsonAdapter {
    /** The largest exponent of a decimal either way, lest its digits fill the memory of whoever expands it. */
    static final int DECIMAL_EXPONENT_MAX = 1_000;

    static final ScalarAdapter FLOAT64 = new Floating(
            Scalar.FLOAT64, Double.class, "a number (float64)", JsonParser::getDoubleValue, Double::valueOf);

    static final ScalarAdapter FLOAT32 =
            new Floating(Scalar.FLOAT32, Float.class, "a number (float32)", JsonParser::getFloatValue, Float::valueOf);

    static final ScalarAdapter BYTES = new Text<>(
            Scalar.BYTES,
            byte[].class,
            "a string in base64",
            ScalarAdapter::base64,
            v -> Base64.getEncoder().encodeToString(v));

    /** The scalars that are moments, with their text forms. */
    static final List<ScalarAdapter> TIMES = List.of(
            new Text<>(
                    Scalar.INSTANT,
                    Instant.class,
                    "a time such as 2026-11-24T09:30:00Z",
                    Instant::parse,
                    Instant::toString),
            new Text<>(
                    Scalar.DATE, LocalDate.class, "a date such as 2026-11-24", LocalDate::parse, LocalDate::toString),
            new Text<>(
                    Scalar.TIME,
                    LocalTime.class,
                    "a time of day such as 09:30:00",
                    LocalTime::parse,
                    DateTimeFormatter.ISO_LOCAL_TIME::format),
            new Text<>(
                    Scalar.DATETIME,
                    LocalDateTime.class,
                    "a date and time such as 2026-11-24T09:30:00",
                    LocalDateTime::parse,
                    DateTimeFormatter.ISO_LOCAL_DATE_TIME::format),
            new Text<>(
                    Scalar.TIMESTAMP,
                    OffsetDateTime.class,
                    "a time with an offset such as 2026-11-24T09:30:00+01:00",
                    OffsetDateTime::parse,
                    DateTimeFormatter.ISO_OFFSET_DATE_TIME::format));

    private static final Map<Class<?>, ScalarAdapter> BY_TYPE = new HashMap<>();
    private static final Map<Scalar, ScalarAdapter> DYNAMIC = new HashMap<>();

    static {
        add(new Whole(Scalar.INT64, Long.class, Long.MIN_VALUE, Long.MAX_VALUE, v -> v), long.class);
        add(new Whole(Scalar.INT32, Byte.class, Byte.MIN_VALUE, Byte.MAX_VALUE, v -> (byte) v), byte.class);
        add(new Whole(Scalar.INT32, Short.class, Short.MIN_VALUE, Short.MAX_VALUE, v -> (short) v), short.class);
        add(new Whole(Scalar.INT32, Integer.class, Integer.MIN_VALUE, Integer.MAX_VALUE, v -> (int) v), int.class);
        add(FLOAT32, float.class);
        add(FLOAT64, double.class);
        add(new Bool(), boolean.class);
        add(new Big());
        add(new Floating(Scalar.DECIMAL, BigDecimal.class, "a number", JsonParser::getDecimalValue, BigDecimal::new));
        add(new Text<>(Scalar.STRING, String.class, "a string", v -> v, v -> v));
        add(BYTES);
        TIMES.forEach(ScalarAdapter::add);
        add(new Text<>(
                Scalar.DURATION, Duration.class, "a duration such as PT1.5S", Duration::parse, Duration::toString));
        add(new Text<>(
                Scalar.UUID,
                UUID.class,
                "a UUID such as 123e4567-e89b-12d3-a456-426614174000",
                ScalarAdapter::uuid,
                UUID::toString));
        add(new Text<>(
                Scalar.URI, URI.class, "a URI such as https://example.org/a", ScalarAdapter::uri, URI::toString));
    }

    private final Scalar scalar;
    private final Class<?> type;
    private final String expected;

    private ScalarAdapter(Scalar scalar, Class<?> type, String expected) {
        this.scalar = scalar;
        this.type = type;
        this.expected = expected;
    }

    private static void add(ScalarAdapter form, Class<?>... primitive) {
        BY_TYPE.put(form.type, form);
        for (Class<?> same : primitive) {
            BY_TYPE.put(same, form);
        }
        DYNAMIC.put(form.scalar, form instanceof Text<?> text ? new Checked(text) : form);
    }

    /** The scalar as that Java type. */
    static ScalarAdapter of(Class<?> type) {
        ScalarAdapter form = BY_TYPE.get(type);
        if (form == null) {
            throw new IllegalArgumentException(type.getName() + " is no scalar");
        }
        return form;
    }

    /** The scalar for callers without Java types: checked as always, but text stays text. */
    static ScalarAdapter of(Scalar scalar) {
        ScalarAdapter form = DYNAMIC.get(scalar);
        if (form == null) {
            throw new IllegalArgumentException("no form of " + scalar.word());
        }
        return form;
    }

    /** The Java type of the values; never a primitive. */
    Class<?> type() {
        return type;
    }

    @Override
    public String expected() {
        return expected;
    }

    private static byte[] base64(String text) {
        if (text.length() % 4 != 0) {
            throw new IllegalArgumentException("no padding");
        }
        return Base64.getDecoder().decode(text);
    }

    private static UUID uuid(String text) {
        if (text.length() != 36) {
            throw new IllegalArgumentException("parts left out");
        }
        return UUID.fromString(text);
    }

    private static URI uri(String text) {
        try {
            return new URI(text);
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException(e);
        }
    }

    /** Strings, and all that travels as one. */
    private static final class Text<T> extends ScalarAdapter {
        private final Class<T> type;
        private final Function<String, T> parse;
        private final Function<T, String> print;

        Text(Scalar scalar, Class<T> type, String expected, Function<String, T> parse, Function<T, String> print) {
            super(scalar, type, expected);
            this.type = type;
            this.parse = parse;
            this.print = print;
        }

        @Override
        public Object read(MessageReader in) {
            if (in.parser.currentToken() != JsonToken.VALUE_STRING) {
                throw in.mismatch(expected());
            }
            String text = in.parser.getString();
            try {
                return (Object) parse.apply(text);
            } catch (IllegalArgumentException | DateTimeException e) {
                throw in.refuse("must be " + expected() + ", not \"" + MessageReader.echo(text) + "\"");
            }
        }

        @Override
        public void write(MessageWriter out, Object value) {
            out.generator.writeString(print.apply(type.cast(value)));
        }

        @Override
        public Object parse(String text) {
            return (Object) parse.apply(text);
        }
    }

    /** Text that is checked and stays text. */
    private static final class Checked extends ScalarAdapter {
        private final Text<?> checks;

        Checked(Text<?> checks) {
            super(((ScalarAdapter) checks).scalar, String.class, checks.expected());
            this.checks = checks;
        }

        @Override
        public Object read(MessageReader in) {
            checks.read(in);
            return in.parser.getString();
        }

        @Override
        public void write(MessageWriter out, Object value) {
            AnyAdapter.ANY.write(out, value);
        }

        @Override
        public Object parse(String text) {
            return text;
        }
    }

    private static final class Bool extends ScalarAdapter {
        Bool() {
            super(Scalar.BOOLEAN, Boolean.class, "true or false");
        }

        @Override
        public Object read(MessageReader in) {
            return switch (in.parser.currentToken()) {
                case VALUE_TRUE -> true;
                case VALUE_FALSE -> false;
                default -> throw in.mismatch(expected());
            };
        }

        @Override
        public void write(MessageWriter out, Object value) {
            out.generator.writeBoolean((Boolean) value);
        }

        @Override
        public Object parse(String text) {
            return Boolean.valueOf(text);
        }
    }

    /** Numbers without a fraction. */
    private static final class Whole extends ScalarAdapter {
        private interface Narrow {
            Object of(long value);
        }

        private final long least;
        private final long most;
        private final Narrow narrow;

        Whole(Scalar scalar, Class<?> type, long least, long most, Narrow narrow) {
            super(scalar, type, "a whole number (" + scalar.word() + ")");
            this.least = least;
            this.most = most;
            this.narrow = narrow;
        }

        @Override
        public Object read(MessageReader in) {
            if (in.parser.currentToken() != JsonToken.VALUE_NUMBER_INT) {
                throw in.mismatch(expected());
            }
            try {
                long value = in.parser.getLongValue();
                if (value >= least && value <= most) {
                    return narrow.of(value);
                }
            } catch (InputCoercionException e) {
                // beyond 64 bits; the refusal below says so
            }
            throw in.refuse("must be a whole number from " + least + " to " + most);
        }

        @Override
        public void write(MessageWriter out, Object value) {
            out.generator.writeNumber(((Number) value).longValue());
        }

        @Override
        public Object parse(String text) {
            return narrow.of(Long.parseLong(text));
        }
    }

    /** Numbers without a fraction of any size. */
    private static final class Big extends ScalarAdapter {
        Big() {
            super(Scalar.INTEGER, BigInteger.class, "a whole number");
        }

        @Override
        public Object read(MessageReader in) {
            if (in.parser.currentToken() != JsonToken.VALUE_NUMBER_INT) {
                throw in.mismatch(expected());
            }
            return in.parser.getBigIntegerValue();
        }

        @Override
        public void write(MessageWriter out, Object value) {
            out.generator.writeNumber((BigInteger) value);
        }

        @Override
        public Object parse(String text) {
            return new BigInteger(text);
        }
    }

    /** Numbers with a fraction. */
    private static final class Floating extends ScalarAdapter {
        private final Function<JsonParser, Object> value;
        private final Function<String, Object> parse;

        Floating(
                Scalar scalar,
                Class<?> type,
                String expected,
                Function<JsonParser, Object> value,
                Function<String, Object> parse) {
            super(scalar, type, expected);
            this.value = value;
            this.parse = parse;
        }

        @Override
        public Object read(MessageReader in) {
            JsonToken token = in.parser.currentToken();
            if (token != JsonToken.VALUE_NUMBER_INT && token != JsonToken.VALUE_NUMBER_FLOAT) {
                throw in.mismatch(expected());
            }
            Object number = value.apply(in.parser);
            if (!fits(number)) {
                throw in.refuse("must be " + expected() + ", and this one is out of its range");
            }
            return number;
        }

        private static boolean fits(Object number) {
            return switch (number) {
                case Double d -> Double.isFinite(d);
                case Float f -> Float.isFinite(f);
                case BigDecimal d -> Math.abs((long) d.scale()) <= DECIMAL_EXPONENT_MAX;
                default -> true;
            };
        }

        @Override
        public void write(MessageWriter out, Object value) {
            if (!fits(value)) {
                throw out.refuse("must be a finite number");
            }
            switch (value) {
                case Double d -> out.generator.writeNumber((double) d);
                case Float f -> out.generator.writeNumber((float) f);
                default -> out.generator.writeNumber((BigDecimal) value);
            }
        }

        @Override
        public Object parse(String text) {
            return parse.apply(text);
        }
    }
}
