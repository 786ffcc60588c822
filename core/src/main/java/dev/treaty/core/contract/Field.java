package dev.treaty.core.contract;

import dev.treaty.core.contract.Shape.Enumeration;
import dev.treaty.core.contract.Shape.Scalar;
import dev.treaty.core.text.PrintableText;
import dev.treaty.core.text.Range;
import java.util.Optional;

/**
 * A field of a message or record. The parameters of an operation are fields of its request.
 *
 * @param name its name in JSON and in Java
 * @param shape the shape of its value
 * @param required false if it may be omitted: {@code Optional}, {@code @Nullable} or with a default
 * @param description its documentation; may be empty
 * @param whenAbsent its default, in the scalar's text form; only scalars and enums have one
 */
public record Field(String name, Shape shape, boolean required, String description, Optional<String> whenAbsent) {
    /** The longest default, in characters. */
    private static final int DEFAULT_LENGTH_MAX = 1_000;

    /** @throws IllegalArgumentException if the default is not a value of the shape */
    public Field {
        whenAbsent.ifPresent(text -> {
            Range.check("the length of a default", text.length(), 0, DEFAULT_LENGTH_MAX);
            checkDefault(shape, text);
        });
    }

    private static void checkDefault(Shape shape, String text) {
        String wrong = switch (shape) {
            case Scalar scalar -> scalar.accepts(text) ? "" : " is not a value of type " + scalar.word();
            case Enumeration(var _, var _, var values) -> values.contains(text) ? "" : " is not one of " + values;
            default -> " is not possible: only a scalar or an enum can have one";
        };
        if (!wrong.isEmpty()) {
            throw new IllegalArgumentException("the default " + PrintableText.quote(text) + wrong);
        }
    }
}
