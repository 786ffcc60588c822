/**
 * How a guard executes one call.
 *
 * <p>A {@link dev.treaty.resilience.execution.Plan} is the immutable set of policies and runtimes that is in force at
 * one moment; a call uses one plan from its beginning to its end. {@link dev.treaty.resilience.execution.Execution}
 * runs the work of a call behind them. {@link dev.treaty.resilience.execution.Work} adapts the two kinds of work, plain
 * code and calls of a pipeline, to the same steps. {@link dev.treaty.resilience.execution.PolicyWarnings} finds
 * policies that contradict each other.
 */
package dev.treaty.resilience.execution;
