package dev.treaty.resilience;

import dev.treaty.core.contract.Description;
import dev.treaty.core.text.Accepted;
import dev.treaty.resilience.internal.PolicyChecks;
import java.time.Duration;

/**
 * When a circuit breaker opens, for how long, and what closes it again.
 *
 * <p>Whenever a call fails or is slow, the breaker checks, in this order: failures in a row, the failure rate, the
 * slow-call rate. A rate that equals its limit opens the breaker; a limit of 1 opens it only if all calls failed or
 * were slow.
 *
 * @param consecutiveFailures opens after this number of failures in a row; 1 or more
 * @param failureRate opens if this share of the window's calls failed, from 0 to 1
 * @param slowRate opens if this share of the window's calls was slow, from 0 to 1
 * @param slowCall the duration from which a call is slow, successful or failed; up to a day
 * @param minimumCalls the number of calls in the window from which the rates are checked; 1 or more
 * @param window the length of a time-based window; up to a day
 * @param windowCalls 0 for a time-based window; otherwise the number of latest calls in the window, up to 10,000
 * @param open how long it stays open the first time; each further opening without recovery doubles the time. Jitter of
 *     an eighth keeps callers from returning at the same moment
 * @param openMax the longest open time, and the lease of a trial; up to a day. It should exceed the duration of a call:
 *     otherwise more than {@code halfOpenCalls} trials may run at a time
 * @param halfOpenCalls how many trial calls pass at a time while the breaker is half-open, and how many of them must
 *     succeed, without a failure, to close it; 1 to 100
 * @param forced whether it is open or closed whatever the outcomes of calls, as operators set it
 */
public record CircuitBreakerPolicy(
        @Description("A breaker opens after this number of failures in a row.") @Accepted(min = "1")
        int consecutiveFailures,

        @Description("It also opens if this share of the calls in the window failed.") @Accepted(min = "0", max = "1")
        double failureRate,

        @Description("It also opens if this share of them was slow.") @Accepted(min = "0", max = "1")
        double slowRate,

        @Description("The duration from which a call is slow.") @Accepted(min = "1ns", max = "1d")
        Duration slowCall,

        @Description("A window with fewer calls is not judged.")
        @Accepted(min = "1", value = "not more than `window-calls`")
        int minimumCalls,

        @Description("The length of the window.") @Accepted(min = "1ns", max = "1d")
        Duration window,

        @Description("The number of calls in the window; 0 for all within `window`.")
        @Accepted(min = "0", max = "10000")
        int windowCalls,

        @Description("How long it stays open the first time; each opening doubles it.")
        @Accepted(min = "1ns", max = "1d")
        Duration open,

        @Description("The longest time it stays open, and how long a half-open call blocks the next one.")
        @Accepted(min = "1ns", max = "1d", value = "not shorter than `open`")
        Duration openMax,

        @Description("How many calls at a time pass while half-open, and must succeed to close it.")
        @Accepted(min = "1", max = "100")
        int halfOpenCalls,

        @Description("The state of breakers whatever the outcomes of calls: `open` refuses every call, `closed` passes"
                + " every call.")
        Forced forced) {

    /** Whether operators force breakers open or closed. */
    public enum Forced {
        /** The outcomes of calls determine the state. */
        NONE,
        /** Every call is refused. */
        OPEN,
        /** Every call passes. */
        CLOSED
    }

    /** The largest count-based window. */
    public static final int WINDOW_CALLS_MAX = 10_000;

    /** The largest number of trials at a time. */
    public static final int HALF_OPEN_CALLS_MAX = 100;

    /**
     * Opens after five failures in a row, or if half of at least 20 calls within 10 s failed; open for 1 s, growing to
     * 30 s; one trial. It also opens if all calls take a minute, which the default deadline makes impossible.
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
            1,
            Forced.NONE);

    /** @throws IllegalArgumentException if a value is out of range; the message contains the accepted range */
    public CircuitBreakerPolicy {
        PolicyChecks.atLeast("consecutive-failures", consecutiveFailures, 1);
        PolicyChecks.within("failure-rate", failureRate, 0.0, 1.0);
        PolicyChecks.within("slow-rate", slowRate, 0.0, 1.0);
        PolicyChecks.positive("slow-call", slowCall);
        PolicyChecks.atLeast("minimum-calls", minimumCalls, 1);
        PolicyChecks.positive("window", window);
        PolicyChecks.within("window-calls", windowCalls, 0, WINDOW_CALLS_MAX);
        boolean reachable = windowCalls == 0 || minimumCalls <= windowCalls;
        PolicyChecks.require(reachable, "minimum-calls", minimumCalls, "at most window-calls (" + windowCalls + ")");
        PolicyChecks.positive("open", open);
        PolicyChecks.positive("open-max", openMax);
        PolicyChecks.notShorter("open-max", openMax, "open", open);
        PolicyChecks.within("half-open-calls", halfOpenCalls, 1, HALF_OPEN_CALLS_MAX);
    }

    /** Returns a policy that opens after another number of failures in a row. */
    public CircuitBreakerPolicy withConsecutiveFailures(int changed) {
        return openingWhen(changed, failureRate, slowRate, slowCall, minimumCalls, window, windowCalls);
    }

    /** Returns a policy that opens if this share of at least that many calls failed. */
    public CircuitBreakerPolicy withFailureRate(double rate, int calls) {
        return openingWhen(consecutiveFailures, rate, slowRate, slowCall, calls, window, windowCalls);
    }

    /** Returns a policy that opens if this share of the calls took this long or longer. */
    public CircuitBreakerPolicy withSlowRate(double rate, Duration from) {
        return openingWhen(consecutiveFailures, failureRate, rate, from, minimumCalls, window, windowCalls);
    }

    /** Returns a policy with a time-based window. */
    public CircuitBreakerPolicy withWindow(Duration changed) {
        return openingWhen(consecutiveFailures, failureRate, slowRate, slowCall, minimumCalls, changed, 0);
    }

    /** Returns a policy with a count-based window. */
    public CircuitBreakerPolicy withWindowCalls(int changed) {
        return openingWhen(consecutiveFailures, failureRate, slowRate, slowCall, minimumCalls, window, changed);
    }

    private CircuitBreakerPolicy openingWhen(
            int inRow, double failed, double slow, Duration slowFrom, int calls, Duration length, int lengthCalls) {
        return new CircuitBreakerPolicy(
                inRow, failed, slow, slowFrom, calls, length, lengthCalls, open, openMax, halfOpenCalls, forced);
    }

    /** Returns a policy with other open times, the first and the longest. */
    public CircuitBreakerPolicy withOpen(Duration first, Duration max) {
        return closingWhen(first, max, halfOpenCalls, forced);
    }

    /** Returns a policy with another number of trials. */
    public CircuitBreakerPolicy withHalfOpenCalls(int changed) {
        return closingWhen(open, openMax, changed, forced);
    }

    /** Returns the same policy, forced open or closed, or no longer. */
    public CircuitBreakerPolicy withForced(Forced changed) {
        return closingWhen(open, openMax, halfOpenCalls, changed);
    }

    private CircuitBreakerPolicy closingWhen(Duration first, Duration max, int trials, Forced state) {
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
                trials,
                state);
    }
}
