/**
 * The memory of a circuit breaker: windows of the outcomes of recent calls.
 *
 * <p>An {@link dev.treaty.resilience.breaker.OutcomeWindow} is either a {@link
 * dev.treaty.resilience.breaker.CountWindow}, which contains the last n calls, or a {@link
 * dev.treaty.resilience.breaker.TimeWindow}, which contains the calls of a period in ten buckets. {@code
 * CircuitBreaker}, in the root package, decides by them.
 */
package dev.treaty.resilience.breaker;
