/**
 * Fault tolerance: protects callers from a service that fails, and a service from too many callers.
 *
 * <p>A {@link dev.treaty.resilience.Guard} combines all policies of the caller's side in one fixed order: deadline,
 * fallback, throttle, rate limit, concurrency limit, retry, hedge, circuit breaker, timeout. It runs any code, and the
 * calls of Treaty's client pipeline, by the same steps:
 *
 * {@snippet class="FaultToleranceExample" region="guard"}
 *
 * <p>Each concept is a pair: an immutable policy that validates itself, and the running state made from it, such as
 * {@link dev.treaty.resilience.CircuitBreakerPolicy} and {@link dev.treaty.resilience.CircuitBreaker}. {@link
 * dev.treaty.resilience.FaultTolerance} contains all policies of a service as one value, and {@link
 * dev.treaty.resilience.IsolationLevel} determines which of them are in force. Users choose policies, never their
 * order; a guard prints the order, and contradictions among the policies. Level and policies may change while calls
 * run, and a policy that stays the same keeps its state:
 *
 * {@snippet class="FaultToleranceExample" region="change"}
 *
 * <p>{@link dev.treaty.resilience.Admission} is the server's side, made of the same runtimes. The runtimes may also be
 * used without a guard.
 */
package dev.treaty.resilience;
