package dev.treaty.resilience;

import java.time.Duration;

/**
 * When a circuit breaker opens, and for how long.
 *
 * @param consecutiveFailures opens after that many failures in a row
 * @param failureRate opens where that share of the window's calls failed, from 0 to 1
 * @param callsMin the window is judged only once it holds that many calls
 * @param window how far back the failure rate looks
 * @param open how long it stays open the first time; each further opening without recovery doubles it
 * @param openMax the longest it stays open
 */
public record CircuitBreakerPolicy(
        int consecutiveFailures, double failureRate, int callsMin, Duration window, Duration open, Duration openMax) {

    /** Five failures in a row, or half of at least 20 calls within 10 s; open for 1 s, growing to 30 s. */
    public static final CircuitBreakerPolicy DEFAULT =
            new CircuitBreakerPolicy(5, 0.5, 20, Duration.ofSeconds(10), Duration.ofSeconds(1), Duration.ofSeconds(30));

    /** @throws IllegalArgumentException where a value is out of range; the message says which, and what is accepted */
    public CircuitBreakerPolicy {
        Limits.atLeast("consecutive-failures", consecutiveFailures, 1);
        Limits.ratio("failure-rate", failureRate);
        Limits.atLeast("calls-min", callsMin, 1);
        Limits.positive("window", window);
        Limits.positive("open", open);
        Limits.positive("open-max", openMax);
        Limits.notShorter("open-max", openMax, "open", open);
    }
}
