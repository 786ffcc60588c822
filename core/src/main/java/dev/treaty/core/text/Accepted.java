package dev.treaty.core.text;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * What a component of a record of settings accepts, for the table of settings and for the schema that editors read. The
 * constructor of the record enforces it; a test compares both. If the component is optional or a list, this is about
 * what it contains.
 */
@Documented
@Target(ElementType.RECORD_COMPONENT)
@Retention(RetentionPolicy.RUNTIME)
public @interface Accepted {
    /** The smallest number, duration or size, as it is written in a configuration; empty for that of its type. */
    String min() default "";

    /** The largest number, duration or size, as it is written in a configuration; empty for that of its type. */
    String max() default "";

    /** A regular expression for the whole of a text, understood by Java and by ECMAScript; empty for any text. */
    String pattern() default "";

    /** What else is accepted, in words: the form of a text, or how a value depends on others. */
    String value() default "";
}
