package dev.treaty.resilience;

import dev.treaty.resilience.internal.PolicyChecks;
import java.time.Duration;
import java.util.Optional;

/**
 * Everything that stands between a caller and a service that fails, as one value. Levels are presets of it: a policy
 * acts only where the {@linkplain #level() level} includes it.
 *
 * @param level how much of the rest is in force
 * @param deadline how long a caller waits for the answer at most, retries included; at every level
 * @param attemptTimeout how long one attempt may take where another may follow, which is up to the retries: the work is
 *     idempotent, and {@code retry.on} has {@code deadline_exceeded}; from {@link IsolationLevel#BASIC}
 * @param timeoutMode what happens to an attempt whose time is up; from {@link IsolationLevel#BASIC}
 * @param retry from {@link IsolationLevel#BASIC}
 * @param breaker from {@link IsolationLevel#ENHANCED}; at every instance of a service, or within a guard used alone
 * @param fallback from {@link IsolationLevel#ENHANCED}
 * @param throttle at {@link IsolationLevel#FULL}
 * @param rateLimit at {@link IsolationLevel#FULL}
 * @param concurrency at {@link IsolationLevel#FULL}
 * @param hedge at {@link IsolationLevel#FULL}
 */
public record FaultTolerance(
        IsolationLevel level,
        Duration deadline,
        Duration attemptTimeout,
        TimeoutMode timeoutMode,
        RetryPolicy retry,
        CircuitBreakerPolicy breaker,
        FallbackPolicy fallback,
        ThrottlePolicy throttle,
        Optional<RateLimitPolicy> rateLimit,
        ConcurrencyPolicy concurrency,
        Optional<HedgePolicy> hedge) {

    /**
     * What a service gets where nothing is said: everything that needs no figure of its own, five seconds for a call
     * and 1.5 for an attempt. Nobody can guess a rate, and a second attempt beside a slow one costs somebody else, so
     * rate limit and hedging begin only where they are asked for.
     */
    public static final FaultTolerance DEFAULT = new FaultTolerance(
            IsolationLevel.FULL,
            Duration.ofSeconds(5),
            Duration.ofMillis(1500),
            TimeoutMode.COOPERATIVE,
            RetryPolicy.DEFAULT,
            CircuitBreakerPolicy.DEFAULT,
            FallbackPolicy.DEFAULT,
            ThrottlePolicy.DEFAULT,
            Optional.empty(),
            ConcurrencyPolicy.DEFAULT,
            Optional.empty());

    /** @throws IllegalArgumentException where a time is not positive */
    public FaultTolerance {
        PolicyChecks.positive("deadline", deadline);
        PolicyChecks.positive("attempt-timeout", attemptTimeout);
    }

    /** The defaults at that level. */
    public static FaultTolerance of(IsolationLevel level) {
        return DEFAULT.with(level);
    }

    /** The same policies at another level. */
    public FaultTolerance with(IsolationLevel changed) {
        return new FaultTolerance(
                changed,
                deadline,
                attemptTimeout,
                timeoutMode,
                retry,
                breaker,
                fallback,
                throttle,
                rateLimit,
                concurrency,
                hedge);
    }

    /** The same policies with other times. */
    public FaultTolerance withTimeouts(Duration call, Duration attempt, TimeoutMode mode) {
        return new FaultTolerance(
                level, call, attempt, mode, retry, breaker, fallback, throttle, rateLimit, concurrency, hedge);
    }

    /** The same policies with another deadline. */
    public FaultTolerance withDeadline(Duration changed) {
        return withTimeouts(changed, attemptTimeout, timeoutMode);
    }

    /** The same policies with other retries. */
    public FaultTolerance with(RetryPolicy changed) {
        return new FaultTolerance(
                level,
                deadline,
                attemptTimeout,
                timeoutMode,
                changed,
                breaker,
                fallback,
                throttle,
                rateLimit,
                concurrency,
                hedge);
    }

    /** The same policies with another breaker. */
    public FaultTolerance with(CircuitBreakerPolicy changed) {
        return new FaultTolerance(
                level,
                deadline,
                attemptTimeout,
                timeoutMode,
                retry,
                changed,
                fallback,
                throttle,
                rateLimit,
                concurrency,
                hedge);
    }

    /** The same policies with another fallback. */
    public FaultTolerance with(FallbackPolicy changed) {
        return new FaultTolerance(
                level,
                deadline,
                attemptTimeout,
                timeoutMode,
                retry,
                breaker,
                changed,
                throttle,
                rateLimit,
                concurrency,
                hedge);
    }

    /** The same policies with another throttle. */
    public FaultTolerance with(ThrottlePolicy changed) {
        return new FaultTolerance(
                level,
                deadline,
                attemptTimeout,
                timeoutMode,
                retry,
                breaker,
                fallback,
                changed,
                rateLimit,
                concurrency,
                hedge);
    }

    /** The same policies with a rate limit. */
    public FaultTolerance with(RateLimitPolicy changed) {
        return new FaultTolerance(
                level,
                deadline,
                attemptTimeout,
                timeoutMode,
                retry,
                breaker,
                fallback,
                throttle,
                Optional.of(changed),
                concurrency,
                hedge);
    }

    /** The same policies with another concurrency limit. */
    public FaultTolerance with(ConcurrencyPolicy changed) {
        return new FaultTolerance(
                level,
                deadline,
                attemptTimeout,
                timeoutMode,
                retry,
                breaker,
                fallback,
                throttle,
                rateLimit,
                changed,
                hedge);
    }

    /** The same policies with hedging. */
    public FaultTolerance with(HedgePolicy changed) {
        return new FaultTolerance(
                level,
                deadline,
                attemptTimeout,
                timeoutMode,
                retry,
                breaker,
                fallback,
                throttle,
                rateLimit,
                concurrency,
                Optional.of(changed));
    }
}
