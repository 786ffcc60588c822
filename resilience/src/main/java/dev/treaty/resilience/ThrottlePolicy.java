package dev.treaty.resilience;

import dev.treaty.resilience.internal.PolicyChecks;
import java.time.Duration;

/**
 * When a client holds calls back because the service pushes back.
 *
 * @param ratio how many calls may be tried for each that is accepted, from 1: with 2, a service that accepts nothing
 *     more sees its rejections fall to about as many as it accepted; with less, calls are held back earlier
 * @param window how far back it looks, from a second to a day
 * @param minimumCalls nothing is held back before there have been that many calls in the window
 */
public record ThrottlePolicy(double ratio, Duration window, int minimumCalls) {
    /** Two tries for each that is accepted, over ten seconds, from 20 calls on. */
    public static final ThrottlePolicy DEFAULT = new ThrottlePolicy(2, Duration.ofSeconds(10), 20);

    /** The greatest ratio that may be asked for. */
    public static final double RATIO_MAX = 100;

    /** @throws IllegalArgumentException where a value is out of range; the message says which, and what is accepted */
    public ThrottlePolicy {
        if (!(ratio >= 1 && ratio <= RATIO_MAX)) {
            throw new IllegalArgumentException("ratio is " + ratio + ": use 1 to 100");
        }
        PolicyChecks.positive("window", window);
        if (window.toSeconds() < 1) {
            throw new IllegalArgumentException("window is " + window + ": use a second or more");
        }
        PolicyChecks.atLeast("minimum-calls", minimumCalls, 1);
    }
}
