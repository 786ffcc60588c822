package dev.treaty.balance;

import dev.treaty.core.contract.Description;
import dev.treaty.core.text.Accepted;
import java.time.Duration;

/**
 * How the load of an instance is measured by a {@link Load}: how long a latency counts, and what a failure counts as.
 *
 * @param decayTime after this time a latency has about a third of its weight
 * @param penalty the latency that a failure counts as, unless it took longer
 */
public record LoadPolicy(
        @Description("How long a latency counts.") @Accepted(min = "100ms", max = "1d")
        Duration decayTime,

        @Description("The lowest latency that a failure counts as.") @Accepted(min = "0s", max = "5m")
        Duration penalty) {
    /** A decay time of 10 s; a failure counts as 1 s. */
    public static final LoadPolicy DEFAULT = new LoadPolicy(Duration.ofSeconds(10), Duration.ofSeconds(1));

    /** The maximum retry delay of an instance that is taken into account. */
    public static final Duration RETRY_AFTER_MAX = Duration.ofMinutes(5);

    /** @throws IllegalArgumentException if a value is out of range; the message names it and the accepted range */
    public LoadPolicy {
        PolicyChecks.within("decay-time", decayTime, Duration.ofMillis(100), PolicyChecks.DAY);
        PolicyChecks.within("penalty", penalty, Duration.ZERO, Duration.ofMinutes(5));
    }
}
