package dev.treaty.config;

/**
 * The settings of the metrics of this process.
 *
 * @param enabled whether calls are counted and timed
 */
public record MetricsSettings(boolean enabled) {
    /** Metrics are enabled. */
    public static final MetricsSettings DEFAULT = new MetricsSettings(true);
}
