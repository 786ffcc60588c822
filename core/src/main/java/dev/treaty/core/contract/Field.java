package dev.treaty.core.contract;

import java.util.Optional;

/**
 * A field of a message or record. The parameters of an operation are fields of its request.
 *
 * @param name its name in JSON and in Java
 * @param shape the shape of its value
 * @param required false if it may be omitted: {@code Optional}, {@code @Nullable} or with a default
 * @param description its documentation; may be empty
 * @param whenAbsent its default, in the scalar's text form
 */
public record Field(String name, Shape shape, boolean required, String description, Optional<String> whenAbsent) {}
