package dev.treaty.core.call;

import org.jspecify.annotations.Nullable;

/**
 * One try of a call at one instance, as its {@link DecisionRecord} keeps it.
 *
 * @param instance the id of the instance
 * @param durationNanos how long it took
 * @param fault what went wrong, or null where it answered
 * @param before the attempt before it, or null for the first
 */
public record Attempt(
        String instance,
        long durationNanos,
        @Nullable Fault fault,
        @Nullable Attempt before) {}
