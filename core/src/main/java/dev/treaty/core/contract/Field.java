package dev.treaty.core.contract;

import java.util.Optional;

/**
 * One field of a message or a record, which is also one parameter of an operation.
 *
 * @param name as it stands in JSON and in Java
 * @param shape what its value looks like
 * @param required false where it may be left out: {@code Optional}, {@code @Nullable} or with a default
 * @param description for the reader; may be empty
 * @param whenAbsent what the receiver takes where it was left out, in the scalar's text form
 */
public record Field(String name, Shape shape, boolean required, String description, Optional<String> whenAbsent) {
    /** A required field without a description. */
    public static Field of(String name, Shape shape) {
        return new Field(name, shape, true, "", Optional.empty());
    }
}
