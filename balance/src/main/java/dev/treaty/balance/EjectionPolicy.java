package dev.treaty.balance;

import dev.treaty.core.contract.Description;
import dev.treaty.core.text.Accepted;
import java.time.Duration;

/**
 * Outlier detection: how instances that do worse than the others are detected and ejected for a while. (Instances that
 * fail by any standard are detected sooner, by their own circuit breakers.) At each interval the instances are compared
 * by their calls since the last comparison; the calls of an instance with too few are accumulated for up to 60
 * intervals. An instance is ejected if
 *
 * <ul>
 *   <li>its success rate is below {@code successFloor} and clearly below the median of the instances above it: this
 *       finds a majority of unhealthy instances too, unlike a deviation from the mean. If no instance is above the
 *       floor, the median of all is the measure;
 *   <li>or its success rate is lower than the mean by more than {@code deviations} standard deviations;
 *   <li>or more than half of its calls, and more than twice the median share, are slower than {@code latencyFactor}
 *       times the median latency.
 * </ul>
 *
 * <p>An instance stays ejected for {@code time}, longer each time up to {@code timeMax}. Then it must answer {@code
 * probeCalls} calls, one at a time, before it returns with a slow start.
 *
 * @param enabled whether instances are ejected
 * @param interval the time between two comparisons
 * @param minimumCalls an instance with fewer calls is not compared
 * @param minimumInstances no instance is ejected unless this number of instances have {@code minimumCalls}
 * @param successFloor a success rate at or above it is only bad by deviation
 * @param deviations the number of standard deviations below the mean from which a success rate is bad
 * @param latencyFactor the multiple of the median latency from which a call is slow
 * @param time the duration of the first ejection
 * @param timeMax the maximum duration of an ejection
 * @param probeCalls the number of successful calls that end an ejection
 */
public record EjectionPolicy(
        @Description("Whether instances that are worse than the others are ejected.")
        boolean enabled,

        @Description("How often instances are compared.") @Accepted(min = "100ms", max = "1d")
        Duration interval,

        @Description("An instance with fewer calls is not judged; calls accumulate for at most 60 intervals.")
        @Accepted(min = "1", max = "1000000")
        int minimumCalls,

        @Description("With fewer instances with that number of calls, none is judged.")
        @Accepted(min = "2", max = "1000000")
        int minimumInstances,

        @Description("A success rate below it, and clearly below the median, is ejected.")
        @Accepted(min = "0", max = "1")
        double successFloor,

        @Description("A success rate this number of standard deviations below the mean is ejected.")
        @Accepted(min = "0.5", max = "100")
        double deviations,

        @Description(
                "An instance is ejected if more than half of its calls, and twice the median's share, take this many"
                        + " times the median latency.")
        @Accepted(min = "1.5", max = "1000")
        double latencyFactor,

        @Description("How long the first ejection lasts; each next one lasts longer.")
        @Accepted(min = "100ms", max = "1d")
        Duration time,

        @Description("The longest ejection.") @Accepted(min = "100ms", max = "1d", value = "not shorter than `time`")
        Duration timeMax,

        @Description("How many calls it must answer, one at a time, to return.") @Accepted(min = "1", max = "1000")
        int probeCalls) {

    /** Each second, 20 calls, 3 instances; floor 85 %, 1.9 deviations, 5 × median latency; 5 s up to 5 minutes. */
    public static final EjectionPolicy DEFAULT = new EjectionPolicy(
            true, Duration.ofSeconds(1), 20, 3, 0.85, 1.9, 5, Duration.ofSeconds(5), Duration.ofMinutes(5), 3);

    /** @throws IllegalArgumentException if a value is out of range; the message names it and the accepted range */
    public EjectionPolicy {
        PolicyChecks.within("interval", interval, Duration.ofMillis(100), PolicyChecks.DAY);
        PolicyChecks.within("minimum-calls", minimumCalls, 1, 1_000_000);
        PolicyChecks.within("minimum-instances", minimumInstances, 2, 1_000_000);
        PolicyChecks.within("success-floor", successFloor, 0.0, 1.0);
        PolicyChecks.within("deviations", deviations, 0.5, 100.0);
        PolicyChecks.within("latency-factor", latencyFactor, 1.5, 1_000.0);
        PolicyChecks.within("time", time, Duration.ofMillis(100), PolicyChecks.DAY);
        PolicyChecks.within("time-max", timeMax, time, PolicyChecks.DAY);
        PolicyChecks.within("probe-calls", probeCalls, 1, 1_000);
    }

    /** Returns this policy, enabled or disabled. */
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
