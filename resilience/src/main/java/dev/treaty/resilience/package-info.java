/**
 * Fault tolerance: what stands between a caller and a service that fails.
 *
 * <p>Each concept is a pair: an immutable policy that validates itself, and the running state made from it. {@link
 * dev.treaty.resilience.FaultTolerance} holds all policies of a service as one value, and {@link
 * dev.treaty.resilience.IsolationLevel} says how many of them are in force. The runtimes are filters ({@link
 * dev.treaty.resilience.Timeout}, {@link dev.treaty.resilience.Fallback}, {@link dev.treaty.resilience.Retry}) or state
 * that others ask ({@link dev.treaty.resilience.CircuitBreaker}, {@link dev.treaty.resilience.RetryBudget}). Users
 * choose policies, never their order; the client's pipeline has the one order, and prints it.
 *
 * {@snippet class="FaultToleranceExample" region="policies"}
 */
package dev.treaty.resilience;
