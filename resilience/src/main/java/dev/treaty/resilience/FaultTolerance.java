package dev.treaty.resilience;

import dev.treaty.core.contract.Description;
import dev.treaty.core.text.Accepted;
import dev.treaty.resilience.execution.PolicyWarnings;
import dev.treaty.resilience.internal.PolicyChecks;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * All fault-tolerance policies of a service as one value. A policy is in force only if the {@linkplain #level() level}
 * includes it.
 *
 * @param level which of the policies are in force
 * @param deadline how long a caller waits for the answer at most, retries included; at every level
 * @param attemptTimeout how long an attempt may take that a retry may follow: the work is idempotent, attempts are
 *     left, and {@code retry.on} contains {@code deadline_exceeded}; from {@link IsolationLevel#BASIC}
 * @param timeoutMode what happens to an attempt at its timeout; from {@link IsolationLevel#BASIC}
 * @param retry from {@link IsolationLevel#BASIC}
 * @param breaker from {@link IsolationLevel#ENHANCED}; at every instance of a service, or in a guard used alone
 * @param fallback from {@link IsolationLevel#ENHANCED}
 * @param throttle at {@link IsolationLevel#FULL}
 * @param rateLimit at {@link IsolationLevel#FULL}
 * @param concurrency at {@link IsolationLevel#FULL}
 * @param hedge at {@link IsolationLevel#FULL}
 */
public record FaultTolerance(
        @Description(
                "Which policies are in force: `none` direct calls, `basic` timeout and retry, `enhanced` also breakers"
                        + " and fallbacks, `full` all.")
        IsolationLevel level,

        @Description("The longest time of a call, retries included.") @Accepted(min = "1ns", max = "1d")
        Duration deadline,

        @Description("The longest time of an attempt if another may follow (`retry.on` contains `deadline-exceeded`).")
        @Accepted(min = "1ns", max = "1d")
        Duration attemptTimeout,

        @Description(
                "What happens to an attempt whose time is up: `cooperative` asks it to end, `interrupt` interrupts its"
                        + " thread, `detach` leaves it running.")
        TimeoutMode timeoutMode,

        @Description("When and how often a failed attempt is retried.")
        RetryPolicy retry,

        @Description("When the circuit breakers of instances open, and what closes them again.")
        CircuitBreakerPolicy breaker,

        @Description("What answers in place of a service that fails.")
        FallbackPolicy fallback,

        @Description("When calls are held back because the service rejects many.")
        ThrottlePolicy throttle,

        @Description("The rate of calls.") Optional<RateLimitPolicy> rateLimit,
        @Description("How many calls may run at a time.") ConcurrencyPolicy concurrency,

        @Description("When a second attempt starts beside a slow one, of idempotent operations.")
        Optional<HedgePolicy> hedge) {

    /**
     * The policies of a service without configuration: all that need no figure of the service, 5 s for a call and 1.5 s
     * for an attempt. There is no rate limit, because the right rate is not known, and no hedging, because a second
     * attempt loads other instances.
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

    /** @throws IllegalArgumentException if a time is not positive */
    public FaultTolerance {
        PolicyChecks.positive("deadline", deadline);
        PolicyChecks.positive("attempt-timeout", attemptTimeout);
    }

    /**
     * Returns the contradictions among these policies, one sentence each: each policy is valid, but together one of
     * them has no effect. The work counts as idempotent.
     */
    public List<String> warnings() {
        return PolicyWarnings.in(this, true);
    }

    /** Returns the default policies at a level. */
    public static FaultTolerance of(IsolationLevel level) {
        return DEFAULT.with(level);
    }

    /** Returns the same policies with other timeouts. */
    public FaultTolerance withTimeouts(Duration call, Duration attempt, TimeoutMode mode) {
        return new FaultTolerance(
                level, call, attempt, mode, retry, breaker, fallback, throttle, rateLimit, concurrency, hedge);
    }

    /** Returns the same policies with another deadline. */
    public FaultTolerance withDeadline(Duration changed) {
        return withTimeouts(changed, attemptTimeout, timeoutMode);
    }

    /** Returns the same policies at another level. */
    public FaultTolerance with(IsolationLevel changed) {
        return with(changed, retry, breaker, fallback, throttle, rateLimit, concurrency, hedge);
    }

    /** Returns the same policies with other retries. */
    public FaultTolerance with(RetryPolicy changed) {
        return with(level, changed, breaker, fallback, throttle, rateLimit, concurrency, hedge);
    }

    /** Returns the same policies with another breaker. */
    public FaultTolerance with(CircuitBreakerPolicy changed) {
        return with(level, retry, changed, fallback, throttle, rateLimit, concurrency, hedge);
    }

    /** Returns the same policies with another fallback. */
    public FaultTolerance with(FallbackPolicy changed) {
        return with(level, retry, breaker, changed, throttle, rateLimit, concurrency, hedge);
    }

    /** Returns the same policies with another throttle. */
    public FaultTolerance with(ThrottlePolicy changed) {
        return with(level, retry, breaker, fallback, changed, rateLimit, concurrency, hedge);
    }

    /** Returns the same policies with a rate limit. */
    public FaultTolerance with(RateLimitPolicy changed) {
        return with(level, retry, breaker, fallback, throttle, Optional.of(changed), concurrency, hedge);
    }

    /** Returns the same policies with another concurrency limit. */
    public FaultTolerance with(ConcurrencyPolicy changed) {
        return with(level, retry, breaker, fallback, throttle, rateLimit, changed, hedge);
    }

    /** Returns the same policies with hedging. */
    public FaultTolerance with(HedgePolicy changed) {
        return with(level, retry, breaker, fallback, throttle, rateLimit, concurrency, Optional.of(changed));
    }

    private FaultTolerance with(
            IsolationLevel newLevel,
            RetryPolicy newRetry,
            CircuitBreakerPolicy newBreaker,
            FallbackPolicy newFallback,
            ThrottlePolicy newThrottle,
            Optional<RateLimitPolicy> newRateLimit,
            ConcurrencyPolicy newConcurrency,
            Optional<HedgePolicy> newHedge) {
        return new FaultTolerance(
                newLevel,
                deadline,
                attemptTimeout,
                timeoutMode,
                newRetry,
                newBreaker,
                newFallback,
                newThrottle,
                newRateLimit,
                newConcurrency,
                newHedge);
    }
}
