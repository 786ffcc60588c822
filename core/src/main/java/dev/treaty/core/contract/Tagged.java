package dev.treaty.core.contract;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Lets a sealed interface of records travel: the named field of the JSON object says which record it is. The tag of a
 * record is its {@link Tag}, or its simple name.
 */
@Documented
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
public @interface Tagged {
    /** The name of the field that carries the tag. */
    String value() default "type";
}
