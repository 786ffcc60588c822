/**
 * The memory of a circuit breaker: windows over the outcomes of recent calls.
 *
 * <p>{@link dev.treaty.resilience.breaker.OutcomeWindow} chooses between a {@link
 * dev.treaty.resilience.breaker.CountWindow}, which holds the last n calls, and a {@link
 * dev.treaty.resilience.breaker.TimeWindow}, which holds the calls of a period in ten buckets. {@code
 * CircuitBreaker}, in the root package, judges a service by them.
 */
package dev.treaty.resilience.breaker;
