package dev.treaty.config;

import dev.treaty.core.contract.Description;

/**
 * The settings of the metrics of this process.
 *
 * @param enabled whether calls are counted and timed
 */
public record MetricsSettings(
        @Description("Whether calls are counted and timed.") boolean enabled) {
    /** Metrics are enabled. */
    public static final MetricsSettings DEFAULT = new MetricsSettings(true);
}
