package dev.treaty.resilience;

import java.time.Duration;

/**
 * Everything that stands between a caller and a service that fails, as one value. Levels are presets of it: a policy
 * acts only where the {@linkplain #level() level} includes it.
 *
 * @param level how much of the rest is in force
 * @param deadline how long a caller waits for the answer at most, retries included
 * @param attemptTimeout how long one attempt may take where another may follow
 * @param retry from {@link IsolationLevel#BASIC}
 * @param breaker at every instance, from {@link IsolationLevel#ENHANCED}
 */
public record FaultTolerance(
        IsolationLevel level,
        Duration deadline,
        Duration attemptTimeout,
        RetryPolicy retry,
        CircuitBreakerPolicy breaker) {

    /** What a service gets where nothing is said: everything, five seconds for a call and 1.5 for an attempt. */
    public static final FaultTolerance DEFAULT = new FaultTolerance(
            IsolationLevel.FULL,
            Duration.ofSeconds(5),
            Duration.ofMillis(1500),
            RetryPolicy.DEFAULT,
            CircuitBreakerPolicy.DEFAULT);

    /** @throws IllegalArgumentException where a time is not positive */
    public FaultTolerance {
        Limits.positive("deadline", deadline);
        Limits.positive("attempt-timeout", attemptTimeout);
    }

    /** The defaults at that level. */
    public static FaultTolerance of(IsolationLevel level) {
        return DEFAULT.withLevel(level);
    }

    /** The same policies at another level. */
    public FaultTolerance withLevel(IsolationLevel changed) {
        return new FaultTolerance(changed, deadline, attemptTimeout, retry, breaker);
    }

    /** The same policies with another deadline. */
    public FaultTolerance withDeadline(Duration changed) {
        return new FaultTolerance(level, changed, attemptTimeout, retry, breaker);
    }
}
