package dev.treaty.balance;

import java.time.Duration;

/**
 * How instances that do worse than the others are found out and left out for a while. (What fails by any standard is
 * found by its own circuit breaker, sooner.) At intervals the instances are compared by their calls since they were
 * compared last; those of one that has too few are gathered for up to 60 intervals. An instance is ejected where
 *
 * <ul>
 *   <li>its success rate is below {@code successFloor} and clearly below the median of all: this works however many
 *       others are sick, which a deviation from the mean does not;
 *   <li>or it is lower than the mean by more than {@code deviations} standard deviations;
 *   <li>or more than half of its calls, and more than twice the median's share, are slower than {@code slowness} times
 *       the usual.
 * </ul>
 *
 * <p>It stays out for {@code time}, longer each time up to {@code timeMax}, and then must answer {@code trials} calls
 * well, one at a time, before it comes back, through a slow start.
 *
 * @param enabled whether any of this is done
 * @param interval between two looks
 * @param minimumCalls an instance with fewer calls is not judged
 * @param minimumInstances nothing is judged unless so many instances have that many calls
 * @param successFloor no success rate at or above this is bad, but by deviation
 * @param deviations how many standard deviations below the mean are too many
 * @param latencyFactor how many times the median latency is slow
 * @param time how long it is out the first time
 * @param timeMax the longest it is out
 * @param probeCalls how many calls it must answer before it is back
 */
public record EjectionPolicy(
        boolean enabled,
        Duration interval,
        int minimumCalls,
        int minimumInstances,
        double successFloor,
        double deviations,
        double latencyFactor,
        Duration time,
        Duration timeMax,
        int probeCalls) {

    /** Every second, 20 calls, 3 instances; floor 85 %, 1.9 deviations, 5 times slower; out for 5 s up to 5 minutes. */
    public static final EjectionPolicy DEFAULT = new EjectionPolicy(
            true, Duration.ofSeconds(1), 20, 3, 0.85, 1.9, 5, Duration.ofSeconds(5), Duration.ofMinutes(5), 3);

    /** @throws IllegalArgumentException where a value is out of range; the message says which, and what is accepted */
    public EjectionPolicy {
        PolicyChecks.within("interval", interval, Duration.ofMillis(100), PolicyChecks.DAY);
        PolicyChecks.within("minimum-calls", minimumCalls, 1, 1_000_000);
        PolicyChecks.within("minimum-instances", minimumInstances, 2, 1_000_000);
        PolicyChecks.within("success-floor", successFloor, 0, 1);
        PolicyChecks.within("deviations", deviations, 0.5, 100);
        PolicyChecks.within("latency-factor", latencyFactor, 1.5, 1_000);
        PolicyChecks.within("time", time, Duration.ofMillis(100), PolicyChecks.DAY);
        PolicyChecks.within("time-max", timeMax, time, PolicyChecks.DAY);
        PolicyChecks.within("probe-calls", probeCalls, 1, 1_000);
    }

    /** The same, in force or not. */
    public EjectionPolicy enabled(boolean changed) {
        return new EjectionPolicy(
                changed,
                interval,
                minimumCalls,
                minimumInstances,
                successFloor,
                deviations,
                latencyFactor,
                time,
                timeMax,
                probeCalls);
    }
}
