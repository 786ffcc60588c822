package dev.treaty.resilience;

import org.jspecify.annotations.Nullable;

/**
 * What a guard applies to one call, from its beginning to its end. The guard's {@linkplain Guard#filter filter} records
 * it in the call's {@link dev.treaty.core.call.DecisionRecord}.
 *
 * @param tolerance the fault tolerance of the called operation
 * @param attachment what the steps after the guard apply to the call; see {@link Guard#apply(Policies, Object)}
 */
public record GuardSettings(
        FaultTolerance tolerance, @Nullable Object attachment) {}
