package dev.treaty.core.call;

import org.jspecify.annotations.Nullable;

/**
 * One attempt of a call at one instance, as recorded in its {@link DecisionRecord}.
 *
 * @param instance the id of the instance
 * @param durationNanos how long it took
 * @param fault why it failed, or null if it succeeded
 * @param before the previous attempt, or null for the first
 */
public record Attempt(
        String instance,
        long durationNanos,
        @Nullable Fault fault,
        @Nullable Attempt before) {}
