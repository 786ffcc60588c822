/**
 * Fault tolerance: what stands between a caller and a service that fails, and between a service and too many callers.
 *
 * <p>A {@link dev.treaty.resilience.Guard} is all of it on the caller's side, in the one order that works: deadline,
 * fallback, throttle, rate limit, concurrency limit, retry, hedge, circuit breaker, timeout. It runs any code, alone,
 * and calls as filters of Treaty's pipeline, by the same steps:
 *
 * {@snippet class="FaultToleranceExample" region="guard"}
 *
 * <p>Each concept is a pair: an immutable policy that validates itself, and the running state made from it, such as
 * {@link dev.treaty.resilience.CircuitBreakerPolicy} and {@link dev.treaty.resilience.CircuitBreaker}. {@link
 * dev.treaty.resilience.FaultTolerance} holds all policies of a service as one value, and {@link
 * dev.treaty.resilience.IsolationLevel} says how many of them are in force. Users choose policies, never their order;
 * the guard prints it, and what in them contradicts itself. Level and policies may change while calls run, and what
 * still fits keeps its state:
 *
 * {@snippet class="FaultToleranceExample" region="change"}
 *
 * <p>{@link dev.treaty.resilience.Admission} is the server's side, made of the same runtimes. The runtimes may also be
 * used without a guard.
 */
package dev.treaty.resilience;
