package dev.treaty.resilience;

import dev.treaty.resilience.internal.PolicyChecks;
import java.time.Duration;

/**
 * Adaptive client-side throttling: when a client rejects calls itself because the service rejects many.
 *
 * @param ratio how many calls are sent for each that the service accepts, from 1: with 2, an overloaded service rejects
 *     about as many calls as it accepts; a smaller ratio rejects more at the client
 * @param window the period over which calls are counted, from a second to a day
 * @param minimumCalls the number of calls in the window from which throttling begins
 */
public record ThrottlePolicy(double ratio, Duration window, int minimumCalls) {
    /** Two calls for each accepted one, over a second, from 20 calls on: an overload that is over is soon forgotten. */
    public static final ThrottlePolicy DEFAULT = new ThrottlePolicy(2, Duration.ofSeconds(1), 20);

    /** The largest ratio. */
    public static final double RATIO_MAX = 100;

    /** @throws IllegalArgumentException if a value is out of range; the message contains the accepted range */
    public ThrottlePolicy {
        PolicyChecks.within("ratio", ratio, 1.0, RATIO_MAX);
        PolicyChecks.positive("window", window);
        PolicyChecks.require(window.toSeconds() >= 1, "window", window, "a second or more");
        PolicyChecks.atLeast("minimum-calls", minimumCalls, 1);
    }
}
