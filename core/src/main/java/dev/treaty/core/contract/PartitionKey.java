package dev.treaty.core.contract;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Marks the part of a request that is the key for consistent hashing: calls with the same value go to the same instance
 * while it is available. It annotates a parameter, or a component of a record that is a parameter, which is a scalar
 * (of {@link Shape.Scalar}), an enum or an {@link java.util.Optional} of these; equal values are equal keys, also of
 * {@code byte[]}. A contract with another key is rejected.
 */
@Documented
@Target({ElementType.PARAMETER, ElementType.RECORD_COMPONENT})
@Retention(RetentionPolicy.RUNTIME)
public @interface PartitionKey {}
