package dev.treaty.config;

/**
 * What is measured.
 *
 * @param enabled whether calls are counted and timed at all
 */
public record MetricsSettings(boolean enabled) {
    /** Everything is measured. */
    public static final MetricsSettings DEFAULT = new MetricsSettings(true);
}
