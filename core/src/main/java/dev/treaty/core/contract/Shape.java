package dev.treaty.core.contract;

import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * What a value looks like on the wire, independent of Java. Shapes are finite trees: a type that contains itself is
 * refused when the contract is read.
 */
public sealed interface Shape {

    /** A value without parts. Its {@link #word()} is how contract text names it. */
    enum Scalar implements Shape {
        /** JSON string; Java {@code String}. */
        STRING,
        /** JSON true or false. */
        BOOLEAN,
        /** JSON number without fraction, 32 bit; Java {@code int}, {@code short}, {@code byte}. */
        INT32,
        /** JSON number without fraction, 64 bit. JavaScript keeps only 53 bits of it exactly. */
        INT64,
        /** JSON number, IEEE 754 single. */
        FLOAT32,
        /** JSON number, IEEE 754 double. */
        FLOAT64,
        /** JSON number without fraction, any size; Java {@code BigInteger}. */
        INTEGER,
        /** JSON number, exact decimal; Java {@code BigDecimal}. */
        DECIMAL,
        /** JSON string in base64 (RFC 4648, padded); Java {@code byte[]}. */
        BYTES,
        /** JSON string, RFC 3339 in UTC; Java {@code Instant}. */
        INSTANT,
        /** JSON string {@code 2026-11-24}; Java {@code LocalDate}. */
        DATE,
        /** JSON string {@code 09:30:00}; Java {@code LocalTime}. */
        TIME,
        /** JSON string {@code 2026-11-24T09:30:00}; Java {@code LocalDateTime}. */
        DATETIME,
        /** JSON string, RFC 3339 with offset; Java {@code OffsetDateTime}. */
        TIMESTAMP,
        /** JSON string, ISO 8601 such as {@code PT1.5S}; Java {@code Duration}. */
        DURATION,
        /** JSON string, RFC 9562; Java {@code UUID}. */
        UUID,
        /** JSON string, RFC 3986; Java {@code URI}. */
        URI;

        /** The name of this scalar in contract text, in small letters. */
        public String word() {
            return name().toLowerCase(Locale.ROOT);
        }

        /** The scalar of that {@link #word()}, if any. */
        public static Optional<Scalar> of(String word) {
            for (Scalar scalar : values()) {
                if (scalar.word().equals(word)) {
                    return Optional.of(scalar);
                }
            }
            return Optional.empty();
        }
    }

    /**
     * A JSON object with known fields; Java a record, or the parameters of an operation together.
     *
     * @param name the record's simple name; empty for the message of several parameters or of a wrapped result
     */
    record Structure(String name, String description, List<Field> fields) implements Shape {
        /** @throws IllegalArgumentException where two fields have one name */
        public Structure {
            fields = List.copyOf(fields);
            var names = new HashSet<String>();
            for (Field field : fields) {
                if (!names.add(field.name())) {
                    throw new IllegalArgumentException("two fields are named \"" + field.name() + "\"");
                }
            }
        }

        /** The field of that name, if any. */
        public Optional<Field> field(String field) {
            return fields.stream().filter(f -> f.name().equals(field)).findFirst();
        }

        /** True for a message made of parameters or of a wrapped result, which has no Java record of its own. */
        public boolean anonymous() {
            return name.isEmpty();
        }
    }

    /** A JSON string out of a closed list; Java an enum. */
    record Enumeration(String name, String description, List<String> values) implements Shape {
        /** Copies the list. */
        public Enumeration {
            values = List.copyOf(values);
        }
    }

    /** One of several records, told apart by the field {@code tag}; Java a sealed interface with {@link Tagged}. */
    record Choice(String name, String description, String tag, List<Option> options) implements Shape {
        /** Copies the list. */
        public Choice {
            options = List.copyOf(options);
        }

        /** One possibility: the tag's value and the record that then follows. */
        public record Option(String tag, Structure structure) {}
    }

    /** A JSON array; Java {@code List}, {@code Set}, {@code Collection} or an array. */
    record Sequence(Shape element) implements Shape {}

    /** A JSON object with keys of the sender's choice; Java {@code Map} with {@code String} or enum keys. */
    record Mapping(Shape value) implements Shape {}
}
