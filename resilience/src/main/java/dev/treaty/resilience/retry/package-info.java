/**
 * Retries and hedges: when another attempt is made.
 *
 * <p>{@link dev.treaty.resilience.retry.Retry} decides whether and after which pause a failed attempt is followed by
 * another, within a {@link dev.treaty.resilience.retry.RetryBudget}. {@link dev.treaty.resilience.retry.Hedge} starts a
 * second attempt beside a slow one and returns the first result; {@link dev.treaty.resilience.retry.LatencyWindow}
 * supplies the percentile from which an attempt counts as slow.
 */
package dev.treaty.resilience.retry;
