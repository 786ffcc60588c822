package dev.treaty.core.contract;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * The default of a field or parameter: the value that the receiver uses if the sender omits it. Allowed on scalars and
 * enums, written as in contract text ({@code 20}, {@code true}, {@code NEW}, {@code PT5S}).
 */
@Documented
@Target({ElementType.PARAMETER, ElementType.RECORD_COMPONENT})
@Retention(RetentionPolicy.RUNTIME)
public @interface DefaultValue {
    /** The default, in the scalar's own text form. */
    String value();
}
