package dev.treaty.resilience;

import dev.treaty.core.contract.Description;
import dev.treaty.core.text.Accepted;
import dev.treaty.resilience.internal.PolicyChecks;
import java.time.Duration;

/**
 * When a second attempt is started beside a slow one. Only idempotent work is hedged.
 *
 * @param percentile the share of recent attempts that an attempt must exceed to be hedged, from 0.5 to 0.999
 * @param delayMin the shortest delay before the second attempt
 * @param budget the maximum number of second attempts as a share of all calls, from 0 to 1
 */
public record HedgePolicy(
        @Description("A second attempt starts when the first takes longer than this share of recent ones.")
        @Accepted(min = "0.5", max = "0.999")
        double percentile,

        @Description("The shortest time before a second attempt.") @Accepted(min = "1ns", max = "1d")
        Duration delayMin,

        @Description("The most second attempts, as a share of all calls.") @Accepted(min = "0", max = "1")
        double budget) {
    /** After the 95th percentile, at least 1 ms, for at most one call in twenty. */
    public static final HedgePolicy DEFAULT = new HedgePolicy(0.95, Duration.ofMillis(1), 0.05);

    /** @throws IllegalArgumentException if a value is out of range; the message contains the accepted range */
    public HedgePolicy {
        PolicyChecks.within("percentile", percentile, 0.5, 0.999);
        PolicyChecks.positive("delay-min", delayMin);
        PolicyChecks.within("budget", budget, 0.0, 1.0);
    }
}
