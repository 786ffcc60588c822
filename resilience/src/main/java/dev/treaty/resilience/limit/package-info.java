/**
 * The algorithms of rate limits and concurrency limits.
 *
 * <p>{@link dev.treaty.resilience.limit.Gcra} is the arithmetic of a token bucket, {@link
 * dev.treaty.resilience.limit.WarmUp} raises a rate gradually after idle time. {@link
 * dev.treaty.resilience.limit.PermitPool} hands out permits without contention, {@link
 * dev.treaty.resilience.limit.WaitQueue} orders waiting calls by priority, and {@link
 * dev.treaty.resilience.limit.AdaptiveLimit} derives a concurrency limit from throughput and latencies. The limiters
 * themselves are in the root package.
 */
package dev.treaty.resilience.limit;
