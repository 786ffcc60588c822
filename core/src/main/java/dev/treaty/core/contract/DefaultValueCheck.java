package dev.treaty.core.contract;

import dev.treaty.core.contract.Shape.Enumeration;
import dev.treaty.core.contract.Shape.Scalar;
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
import java.util.Base64;
import java.util.Optional;
import java.util.UUID;

/** Checks that a default is a value of its field's shape. */
final class DefaultValueCheck {
    private DefaultValueCheck() {}

    /** What is wrong with the default, if anything. */
    static Optional<String> problem(Shape shape, String text) {
        return switch (shape) {
            case Enumeration e ->
                e.values().contains(text)
                        ? Optional.empty()
                        : Optional.of("the default \"" + text + "\" is none of " + e.values());
            case Scalar scalar -> problem(scalar, text);
            default -> Optional.of("only a scalar or an enum can have a default");
        };
    }

    private static Optional<String> problem(Scalar scalar, String text) {
        try {
            Object value = switch (scalar) {
                case STRING -> text;
                case BOOLEAN -> bool(text);
                case INT32 -> Integer.parseInt(text);
                case INT64 -> Long.parseLong(text);
                case FLOAT32 -> Float.parseFloat(text);
                case FLOAT64 -> Double.parseDouble(text);
                case INTEGER -> new BigInteger(text);
                case DECIMAL -> new BigDecimal(text);
                case BYTES -> Base64.getDecoder().decode(text);
                case INSTANT -> Instant.parse(text);
                case DATE -> LocalDate.parse(text);
                case TIME -> LocalTime.parse(text);
                case DATETIME -> LocalDateTime.parse(text);
                case TIMESTAMP -> OffsetDateTime.parse(text);
                case DURATION -> Duration.parse(text);
                case UUID -> UUID.fromString(text);
                case URI -> URI.create(text);
            };
            return value == null ? Optional.of("the default is missing") : Optional.empty();
        } catch (IllegalArgumentException | DateTimeException e) {
            return Optional.of("the default \"" + text + "\" is not a value of type " + scalar.word());
        }
    }

    private static boolean bool(String text) {
        if (!text.equals("true") && !text.equals("false")) {
            throw new IllegalArgumentException(text);
        }
        return text.equals("true");
    }
}
