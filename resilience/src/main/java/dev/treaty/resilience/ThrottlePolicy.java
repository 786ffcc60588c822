package dev.treaty.resilience;

import dev.treaty.core.contract.Description;
import dev.treaty.core.text.Accepted;
import dev.treaty.resilience.internal.PolicyChecks;
import java.time.Duration;

/**
 * Adaptive client-side throttling: when a client rejects calls itself because the service rejects many.
 *
 * @param ratio how many calls are sent for each that the service accepts, from 1: with 2, an overloaded service rejects
 *     about as many calls as it accepts; a smaller ratio rejects more at the client
 * @param window the period over which calls are counted, from 100 ms to a day
 * @param minimumCalls the number of calls in the window from which throttling begins
 */
public record ThrottlePolicy(
        @Description("Calls are held back when the service accepts fewer than one in this number.")
        @Accepted(min = "1", max = "100")
        double ratio,

        @Description("The period that is considered.") @Accepted(min = "100ms", max = "1d")
        Duration window,

        @Description("With fewer calls nothing is held back.") @Accepted(min = "1")
        int minimumCalls) {
    /**
     * Two calls for each accepted one, over 400 ms, from 20 calls on. After an overload the client sends twice as many
     * in each window, so all calls pass after less than two seconds.
     */
    public static final ThrottlePolicy DEFAULT = new ThrottlePolicy(2, Duration.ofMillis(400), 20);

    /** The largest ratio. */
    public static final double RATIO_MAX = 100;

    /** @throws IllegalArgumentException if a value is out of range; the message contains the accepted range */
    public ThrottlePolicy {
        PolicyChecks.within("ratio", ratio, 1.0, RATIO_MAX);
        PolicyChecks.positive("window", window);
        PolicyChecks.require(window.toMillis() >= 100, "window", window, "100 ms or more");
        PolicyChecks.atLeast("minimum-calls", minimumCalls, 1);
    }
}
