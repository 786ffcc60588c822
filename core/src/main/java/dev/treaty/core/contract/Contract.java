package dev.treaty.core.contract;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Marks a Java interface as a service contract: each of its abstract methods is one operation.
 * {@link ServiceContract#of(Class)} reads it and rejects types that messages cannot contain.
 */
@Documented
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
public @interface Contract {
    /** The name under which the service is registered, discovered and called, such as {@code shop.Orders}. */
    String name();

    /** The semantic version of the contract, {@code major.minor.patch}. */
    String version();

    /** What the service offers beyond its operations; clients may require capabilities by name. */
    Capability[] capabilities() default {};
}
