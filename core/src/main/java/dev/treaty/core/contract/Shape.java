package dev.treaty.core.contract;

import dev.treaty.core.text.PrintableText;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.net.URI;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;

/**
 * What a value looks like on the wire, independent of Java. Shapes are finite trees: a type that contains itself is
 * rejected when the contract is read.
 */
public sealed interface Shape {

    /** A value without parts, such as a string or a number. */
    @SuppressWarnings("ImmutableEnumChecker") // the functions have no state
    enum Scalar implements Shape {
        /** JSON string; Java {@code String}. */
        STRING(String.class, text -> text),
        /** JSON true or false. */
        BOOLEAN(Boolean.class, Scalar::booleanValue),
        /** JSON number without fraction, 32 bit; Java {@code int}, {@code short}, {@code byte}. */
        INT32(Integer.class, Integer::valueOf),
        /** JSON number without fraction, 64 bit. JavaScript represents only 53 bits of it exactly. */
        INT64(Long.class, Long::valueOf),
        /** JSON number, IEEE 754 single. */
        FLOAT32(Float.class, text -> finite(Float.valueOf(text))),
        /** JSON number, IEEE 754 double. */
        FLOAT64(Double.class, text -> finite(Double.valueOf(text))),
        /** JSON number without fraction, any size; Java {@code BigInteger}. */
        INTEGER(BigInteger.class, BigInteger::new),
        /** JSON number, exact decimal; Java {@code BigDecimal}. */
        DECIMAL(BigDecimal.class, BigDecimal::new),
        /** JSON string in base64 (RFC 4648, padded); Java {@code byte[]}. */
        BYTES(byte[].class, Scalar::bytes, bytes -> Base64.getEncoder().encodeToString(bytes)),
        /** JSON string, RFC 3339 in UTC; Java {@code Instant}. */
        INSTANT(Instant.class, Instant::parse),
        /** JSON string {@code 2026-11-24}; Java {@code LocalDate}. */
        DATE(LocalDate.class, LocalDate::parse),
        /** JSON string {@code 09:30:00}; Java {@code LocalTime}. */
        TIME(LocalTime.class, LocalTime::parse, DateTimeFormatter.ISO_LOCAL_TIME::format),
        /** JSON string {@code 2026-11-24T09:30:00}; Java {@code LocalDateTime}. */
        DATETIME(LocalDateTime.class, LocalDateTime::parse, DateTimeFormatter.ISO_LOCAL_DATE_TIME::format),
        /** JSON string, RFC 3339 with offset; Java {@code OffsetDateTime}. */
        TIMESTAMP(OffsetDateTime.class, OffsetDateTime::parse, DateTimeFormatter.ISO_OFFSET_DATE_TIME::format),
        /** JSON string, ISO 8601 such as {@code PT1.5S}; Java {@code Duration}. */
        DURATION(Duration.class, Duration::parse),
        /** JSON string, RFC 9562; Java {@code UUID}. */
        UUID(UUID.class, Scalar::uuid),
        /** JSON string, RFC 3986; Java {@code URI}. */
        URI(URI.class, java.net.URI::create);

        private static final int UUID_LENGTH = 36;

        private final Class<?> type;
        private final Function<String, ?> parser;
        private final Function<Object, String> formatter;

        <T> Scalar(Class<T> type, Function<String, T> parser) {
            this(type, parser, Object::toString);
        }

        <T> Scalar(Class<T> type, Function<String, T> parser, Function<? super T, String> formatter) {
            this.type = type;
            this.parser = parser;
            this.formatter = value -> formatter.apply(type.cast(value));
        }

        /** The name of this scalar in contract text, in lower case. */
        public String word() {
            return name().toLowerCase(Locale.ROOT);
        }

        /** Returns the scalar with this {@link #word()}, if any. */
        public static Optional<Scalar> of(String word) {
            return Arrays.stream(values())
                    .filter(scalar -> scalar.word().equals(word))
                    .findFirst();
        }

        /** The Java type of its values; the wrapper class for primitives. */
        public Class<?> type() {
            return type;
        }

        /** Returns true if its values are JSON strings, rather than numbers or booleans. */
        public boolean isText() {
            return this != BOOLEAN && !Number.class.isAssignableFrom(type);
        }

        /**
         * Reads a value from its text form: the JSON string, or the digits of a number.
         *
         * @throws IllegalArgumentException if the text is not a value of this scalar
         */
        public Object parse(String text) {
            try {
                return (Object) parser.apply(text);
            } catch (DateTimeException e) {
                throw new IllegalArgumentException(e);
            }
        }

        /**
         * Returns the text form of a value.
         *
         * @throws ClassCastException if the value is not a {@link #type()}
         */
        public String format(Object value) {
            return formatter.apply(value);
        }

        boolean accepts(String text) {
            try {
                parse(text);
                return true;
            } catch (IllegalArgumentException e) {
                return false;
            }
        }

        private static <T extends Number> T finite(T number) {
            if (!Double.isFinite(number.doubleValue())) {
                throw new IllegalArgumentException("not a finite number: " + number);
            }
            return number;
        }

        private static boolean booleanValue(String text) {
            if (!text.equals("true") && !text.equals("false")) {
                throw new IllegalArgumentException("not a boolean (true or false): " + text);
            }
            return text.equals("true");
        }

        private static byte[] bytes(String text) {
            if (text.length() % 4 != 0) {
                throw new IllegalArgumentException("base64 without padding: " + text);
            }
            return Base64.getDecoder().decode(text);
        }

        private static UUID uuid(String text) {
            if (text.length() != UUID_LENGTH) {
                throw new IllegalArgumentException("a UUID has " + UUID_LENGTH + " characters: " + text);
            }
            return java.util.UUID.fromString(text);
        }
    }

    /**
     * A JSON object with known fields; in Java a record, or the parameters of an operation together.
     *
     * @param name the record's simple name; empty for a message of several parameters or a wrapped result
     */
    record Structure(String name, String description, List<Field> fields) implements Shape {
        /** @throws IllegalArgumentException if two fields have the same name */
        public Structure {
            fields = List.copyOf(fields);
            ServiceContract.rejectDuplicates("fields", fields, Field::name);
        }

        /** The name: the fields may lead to exponentially many paths. */
        @Override
        public String toString() {
            return "record " + name;
        }

        /** A message without a name: the parameters of an operation, or a wrapped result. */
        static Structure message(List<Field> fields) {
            return new Structure("", "", fields);
        }

        /** Returns the field with this name, if any. */
        public Optional<Field> field(String field) {
            return fields.stream().filter(f -> f.name().equals(field)).findFirst();
        }

        /** Returns true for a message made of parameters or of a wrapped result, which has no Java record. */
        public boolean anonymous() {
            return name.isEmpty();
        }
    }

    /** A JSON string from a closed list; in Java an enum. */
    record Enumeration(String name, String description, List<String> values) implements Shape {
        /** @throws IllegalArgumentException if a value occurs twice */
        public Enumeration {
            values = List.copyOf(values);
            ServiceContract.rejectDuplicates("values of " + name, values, value -> value);
        }
    }

    /** One of several records, identified by the field {@code tag}; in Java a sealed interface with {@link Tagged}. */
    record Choice(String name, String description, String tag, List<Option> options) implements Shape {
        /** @throws IllegalArgumentException if two records have the same tag, or one has a field with the tag's name */
        public Choice {
            options = List.copyOf(options);
            ServiceContract.rejectDuplicates("records of " + name, options, Option::tag);
            for (Option option : options) {
                if (option.structure.field(tag).isPresent()) {
                    throw new IllegalArgumentException(option.structure.name + " has a field "
                            + PrintableText.quote(tag) + ", which is the tag's name");
                }
            }
        }

        /** One record of a choice, and the value of the tag that identifies it. */
        public record Option(String tag, Structure structure) {}
    }

    /** A JSON array; Java {@code List}, {@code Set}, {@code Collection} or an array. */
    record Sequence(Shape element) implements Shape {}

    /** A JSON object with arbitrary keys; Java {@code Map} with {@code String} or enum keys. */
    record Mapping(Shape value) implements Shape {}
}
