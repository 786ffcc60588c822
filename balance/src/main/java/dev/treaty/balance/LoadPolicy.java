package dev.treaty.balance;

import java.time.Duration;

/**
 * How {@link Load} is measured.
 *
 * @param decayTime how long a latency is remembered: after that time it weighs a third
 * @param penalty the latency that a failure counts as, where it did not take longer
 */
public record LoadPolicy(Duration decayTime, Duration penalty) {
    /** 10 s; a failure counts as a second. */
    public static final LoadPolicy DEFAULT = new LoadPolicy(Duration.ofSeconds(10), Duration.ofSeconds(1));

    /** The longest that an instance may ask callers to stay away. */
    public static final Duration AWAY_MAX = Duration.ofMinutes(5);

    /** @throws IllegalArgumentException where a value is out of range; the message says which, and what is accepted */
    public LoadPolicy {
        PolicyChecks.within("decay-time", decayTime, Duration.ofMillis(100), PolicyChecks.DAY);
        PolicyChecks.within("penalty", penalty, Duration.ZERO, Duration.ofMinutes(5));
    }
}
