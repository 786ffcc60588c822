package dev.treaty.core.contract;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Allows a sealed interface of records in messages: a field of the JSON object identifies the record. The tag of a
 * record is its {@link Tag}, or its simple name.
 */
@Documented
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
public @interface Tagged {
    /** The name of the field that has the tag. */
    String value() default "type";
}
