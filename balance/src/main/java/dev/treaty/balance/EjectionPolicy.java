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
 * @param callsMin an instance with fewer calls is not judged
 * @param instancesMin nothing is judged unless so many instances have that many calls
 * @param successFloor no success rate at or above this is bad, but by deviation
 * @param deviations how many standard deviations below the mean are too many
 * @param slowness how many times the median latency is slow
 * @param time how long it is out the first time
 * @param timeMax the longest it is out
 * @param trials how many calls it must answer before it is back
 */
public record EjectionPolicy(
        boolean enabled,
        Duration interval,
        int callsMin,
        int instancesMin,
        double successFloor,
        double deviations,
        double slowness,
        Duration time,
        Duration timeMax,
        int trials) {

    /** Every second, 20 calls, 3 instances; floor 85 %, 1.9 deviations, 5 times slower; out for 5 s up to 5 minutes. */
    public static final EjectionPolicy DEFAULT = new EjectionPolicy(
            true, Duration.ofSeconds(1), 20, 3, 0.85, 1.9, 5, Duration.ofSeconds(5), Duration.ofMinutes(5), 3);

    /** @throws IllegalArgumentException where a value is out of range; the message says which, and what is accepted */
    public EjectionPolicy {
        Limits.within("interval", interval, Duration.ofMillis(100), Limits.DAY);
        Limits.within("calls-min", callsMin, 1, 1_000_000);
        Limits.within("instances-min", instancesMin, 2, 1_000_000);
        Limits.within("success-floor", successFloor, 0, 1);
        Limits.within("deviations", deviations, 0.5, 100);
        Limits.within("slowness", slowness, 1.5, 1_000);
        Limits.within("time", time, Duration.ofMillis(100), Limits.DAY);
        Limits.within("time-max", timeMax, time, Limits.DAY);
        Limits.within("trials", trials, 1, 1_000);
    }

    /** The same, in force or not. */
    public EjectionPolicy enabled(boolean changed) {
        return new EjectionPolicy(
                changed, interval, callsMin, instancesMin, successFloor, deviations, slowness, time, timeMax, trials);
    }
}
