package dev.treaty.core.health;

import dev.treaty.core.contract.Description;
import dev.treaty.core.text.Accepted;
import dev.treaty.core.text.Range;
import java.time.Duration;

/**
 * How often a {@link HealthCheck} runs, and how many equal results in a row change the health of an instance.
 *
 * @param interval pause between two checks, spread by a tenth so that many checks do not run at the same time
 * @param timeout longest duration of one check; a longer one counts as critical
 * @param rise number of successful checks in a row that make an unhealthy instance healthy
 * @param fall number of failed checks in a row that make a healthy instance unhealthy
 */
public record HealthPolicy(
        @Description("The time from one answer to the next check.") @Accepted(min = "10ms", max = "1h")
        Duration interval,

        @Description("How long an answer may take.") @Accepted(min = "1ms", max = "1h")
        Duration timeout,

        @Description("Consecutive good answers that make it healthy.") @Accepted(min = "1", max = "100")
        int rise,

        @Description("Consecutive bad answers that make it critical.") @Accepted(min = "1", max = "100")
        int fall) {
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
        Range.check("interval", interval, INTERVAL_MIN, DURATION_MAX);
        Range.check("timeout", timeout, Duration.ofMillis(1), DURATION_MAX);
        Range.check("rise", rise, 1, CHECKS_MAX);
        Range.check("fall", fall, 1, CHECKS_MAX);
    }
}
