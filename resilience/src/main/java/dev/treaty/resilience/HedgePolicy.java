package dev.treaty.resilience;

import dev.treaty.resilience.internal.PolicyChecks;
import java.time.Duration;

/**
 * When a slow attempt gets a second one beside it. Only idempotent work is hedged.
 *
 * @param percentile the second attempt starts once the first has taken longer than this share of the recent ones, from
 *     0.5 to 0.999
 * @param delayMin it never starts earlier than this
 * @param budget the most second attempts, as a share of all calls, from 0 to 1
 */
public record HedgePolicy(double percentile, Duration delayMin, double budget) {
    /** After the 95th percentile, at least 1 ms, for at most one call in twenty. */
    public static final HedgePolicy DEFAULT = new HedgePolicy(0.95, Duration.ofMillis(1), 0.05);

    /** @throws IllegalArgumentException where a value is out of range; the message says which, and what is accepted */
    public HedgePolicy {
        if (!(percentile >= 0.5 && percentile <= 0.999)) {
            throw new IllegalArgumentException("percentile is " + percentile + ": use 0.5 to 0.999");
        }
        PolicyChecks.positive("delay-min", delayMin);
        PolicyChecks.ratio("budget", budget);
    }
}
