package dev.treaty.resilience;

import dev.treaty.resilience.internal.PolicyChecks;
import java.time.Duration;

/**
 * When a circuit breaker opens, for how long, and what closes it again.
 *
 * <p>A breaker is judged whenever a call fails or is slow, in this order: failures in a row, the failure rate, the
 * slow-call rate. A rate of exactly its limit opens; a limit of 1 opens only where all calls were so.
 *
 * @param consecutiveFailures opens after that many failures in a row; 1 or more
 * @param failureRate opens where that share of the window's calls failed, from 0 to 1
 * @param slowRate opens where that share of the window's calls was slow, from 0 to 1
 * @param slowCall from which duration on a call is slow, whether it went well or failed; up to a day
 * @param minimumCalls the rates are judged only once the window holds that many calls; 1 or more
 * @param window how far back the window looks, where it is one of time; up to a day
 * @param windowCalls 0 for a window of time; otherwise the window holds the last so many calls, 10,000 at most
 * @param open how long it stays open the first time; each further opening without recovery doubles it. All of them are
 *     spread by an eighth up and down, so that callers do not come back together
 * @param openMax the longest it stays open, and the longest that a trial keeps the next from passing; up to a day. It
 *     is best longer than a call may take: more trials than {@code trials} are under way at a time where it is not
 * @param halfOpenCalls how many calls pass at a time to try whether the service has recovered, and how many of them must go
 *     well, without one going wrong, to close the breaker; 1 to 100
 */
public record CircuitBreakerPolicy(
        int consecutiveFailures,
        double failureRate,
        double slowRate,
        Duration slowCall,
        int minimumCalls,
        Duration window,
        int windowCalls,
        Duration open,
        Duration openMax,
        int halfOpenCalls) {

    /** The most calls that a window of calls holds. */
    public static final int WINDOW_CALLS_MAX = 10_000;

    /** The most trials at a time. */
    public static final int TRIALS_MAX = 100;

    /**
     * Five failures in a row, or half of at least 20 calls within 10 s; open for 1 s, growing to 30 s; one trial. All
     * calls being slower than a minute opens it too, but by default none is waited for that long.
     */
    public static final CircuitBreakerPolicy DEFAULT = new CircuitBreakerPolicy(
            5,
            0.5,
            1,
            Duration.ofMinutes(1),
            20,
            Duration.ofSeconds(10),
            0,
            Duration.ofSeconds(1),
            Duration.ofSeconds(30),
            1);

    /** @throws IllegalArgumentException where a value is out of range; the message says which, and what is accepted */
    public CircuitBreakerPolicy {
        PolicyChecks.atLeast("consecutive-failures", consecutiveFailures, 1);
        PolicyChecks.ratio("failure-rate", failureRate);
        PolicyChecks.ratio("slow-rate", slowRate);
        PolicyChecks.positive("slow-call", slowCall);
        PolicyChecks.atLeast("minimum-calls", minimumCalls, 1);
        PolicyChecks.positive("window", window);
        PolicyChecks.atLeast("window-calls", windowCalls, 0);
        PolicyChecks.atMost("window-calls", windowCalls, WINDOW_CALLS_MAX);
        if (windowCalls > 0 && minimumCalls > windowCalls) {
            throw new IllegalArgumentException(
                    "minimum-calls is " + minimumCalls + ": use at most window-calls (" + windowCalls + ")");
        }
        PolicyChecks.positive("open", open);
        PolicyChecks.positive("open-max", openMax);
        PolicyChecks.notShorter("open-max", openMax, "open", open);
        PolicyChecks.atLeast("half-open-calls", halfOpenCalls, 1);
        PolicyChecks.atMost("half-open-calls", halfOpenCalls, TRIALS_MAX);
    }

    /** The same, opening after so many failures in a row. */
    public CircuitBreakerPolicy withConsecutiveFailures(int changed) {
        return new CircuitBreakerPolicy(
                changed,
                failureRate,
                slowRate,
                slowCall,
                minimumCalls,
                window,
                windowCalls,
                open,
                openMax,
                halfOpenCalls);
    }

    /** The same, opening where that share of at least so many calls failed. */
    public CircuitBreakerPolicy withFailureRate(double rate, int calls) {
        return new CircuitBreakerPolicy(
                consecutiveFailures,
                rate,
                slowRate,
                slowCall,
                calls,
                window,
                windowCalls,
                open,
                openMax,
                halfOpenCalls);
    }

    /** The same, opening where that share of the calls took that long or longer. */
    public CircuitBreakerPolicy withSlowRate(double rate, Duration from) {
        return new CircuitBreakerPolicy(
                consecutiveFailures,
                failureRate,
                rate,
                from,
                minimumCalls,
                window,
                windowCalls,
                open,
                openMax,
                halfOpenCalls);
    }

    /** The same, looking back that far. */
    public CircuitBreakerPolicy withWindow(Duration changed) {
        return new CircuitBreakerPolicy(
                consecutiveFailures,
                failureRate,
                slowRate,
                slowCall,
                minimumCalls,
                changed,
                0,
                open,
                openMax,
                halfOpenCalls);
    }

    /** The same, looking back on that many calls. */
    public CircuitBreakerPolicy withWindowCalls(int changed) {
        return new CircuitBreakerPolicy(
                consecutiveFailures,
                failureRate,
                slowRate,
                slowCall,
                minimumCalls,
                window,
                changed,
                open,
                openMax,
                halfOpenCalls);
    }

    /** The same, open for that long at first and at most. */
    public CircuitBreakerPolicy withOpen(Duration first, Duration max) {
        return new CircuitBreakerPolicy(
                consecutiveFailures,
                failureRate,
                slowRate,
                slowCall,
                minimumCalls,
                window,
                windowCalls,
                first,
                max,
                halfOpenCalls);
    }

    /** The same with that many trials. */
    public CircuitBreakerPolicy withTrials(int changed) {
        return new CircuitBreakerPolicy(
                consecutiveFailures,
                failureRate,
                slowRate,
                slowCall,
                minimumCalls,
                window,
                windowCalls,
                open,
                openMax,
                changed);
    }
}
