package dev.treaty.core.contract;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Marks the part of a request that says which instance should get it, where a service is balanced by consistent
 * hashing: calls with the same value go to the same instance as long as it takes calls. It stands on a parameter, or on
 * a component of the record that a parameter has.
 */
@Documented
@Target({ElementType.PARAMETER, ElementType.RECORD_COMPONENT})
@Retention(RetentionPolicy.RUNTIME)
public @interface PartitionKey {}
