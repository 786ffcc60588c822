package dev.treaty.resilience.execution;

import dev.treaty.core.call.ContextCarrier;
import dev.treaty.core.event.RuntimeDependencies;
import dev.treaty.core.timeout.Watchdog;
import dev.treaty.resilience.CircuitBreaker;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What the policies of one guard need to run: time, the watchdog, counters, listeners.
 *
 * @param name the guard's name, for refusals
 * @param runtime time, random numbers and events
 * @param watchdog interrupts attempts and starts hedges
 * @param carrier carries the caller's context to attempts on other threads
 * @param calls the number of calls so far, by which budgets earn: those of a service with all of its operations, or
 *     those of one operation
 * @param breakerListener notified of the guard's own breaker; null if each instance has a breaker instead
 */
public record GuardDependencies(
        String name,
        RuntimeDependencies runtime,
        Watchdog watchdog,
        ContextCarrier carrier,
        LongSupplier calls,
        CircuitBreaker.@Nullable Listener breakerListener) {}
