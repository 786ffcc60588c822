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

    /** What the capability offers to clients. */
    String description() default "";

    /** The semantic version of the capability itself. */
    String version() default "1.0.0";

    /** Whether the capability is offered; a disabled one is only listed. */
    boolean enabled() default true;
}
