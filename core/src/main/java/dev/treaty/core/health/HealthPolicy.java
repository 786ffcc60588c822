package dev.treaty.core.health;

import java.time.Duration;

/**
 * How often a {@link HealthCheck} runs, and how many equal results in a row change the health of an instance.
 *
 * @param interval pause between two checks, spread by a tenth so that many checks do not run at the same time
 * @param timeout longest duration of one check; a longer one counts as critical
 * @param rise number of successful checks in a row that make an unhealthy instance healthy
 * @param fall number of failed checks in a row that make a healthy instance unhealthy
 */
public record HealthPolicy(Duration interval, Duration timeout, int rise, int fall) {
    /** The shortest interval. */
    public static final Duration INTERVAL_MIN = Duration.ofMillis(10);

    /** The longest interval and timeout. */
    public static final Duration DURATION_MAX = Duration.ofHours(1);

    /** The largest {@code rise} and {@code fall}. */
    public static final int CHECKS_MAX = 100;

    /** Every two seconds; tolerates one failed check, recovers with one successful check. */
    public static final HealthPolicy STANDARD = new HealthPolicy(Duration.ofSeconds(2), Duration.ofSeconds(1), 1, 2);

    /** For a service that reports its own health: every result counts at once. */
    public static final HealthPolicy OWN = new HealthPolicy(Duration.ofSeconds(2), Duration.ofSeconds(1), 1, 1);

    /** @throws IllegalArgumentException if a value is out of range */
    public HealthPolicy {
        check("interval", interval, INTERVAL_MIN);
        check("timeout", timeout, Duration.ofMillis(1));
        check("rise", rise);
        check("fall", fall);
    }

    private static void check(String name, Duration value, Duration min) {
        if (value.compareTo(min) < 0 || value.compareTo(DURATION_MAX) > 0) {
            throw new IllegalArgumentException(name + " is " + value.toMillis() + " ms: use " + min.toMillis()
                    + " ms to " + DURATION_MAX.toHours() + " h");
        }
    }

    private static void check(String name, int value) {
        if (value < 1 || value > CHECKS_MAX) {
            throw new IllegalArgumentException(name + " is " + value + ": use 1 to " + CHECKS_MAX);
        }
    }
}
