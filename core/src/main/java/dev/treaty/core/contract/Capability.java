package dev.treaty.core.contract;

import java.lang.annotation.Documented;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** Declares one {@link ServiceCapability} inside {@link Contract#capabilities()}. */
@Documented
@Target({})
@Retention(RetentionPolicy.RUNTIME)
public @interface Capability {
    /** The capability's name, unique within the contract. */
    String name();

    /** What having it means to a caller. */
    String description() default "";

    /** The semantic version of the capability itself. */
    String version() default "1.0.0";

    /** Whether it is switched on; one that is off is listed but not offered. */
    boolean enabled() default true;
}
