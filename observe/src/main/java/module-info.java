import org.jspecify.annotations.NullMarked;

/** Metrics and logs from the event stream. */
@NullMarked
@SuppressWarnings(
        "requires-transitive-automatic") // Micrometer has no module descriptor, and its registry is part of the API
module dev.treaty.observe {
    requires static transitive org.jspecify;
    requires transitive dev.treaty.core;
    requires transitive micrometer.core;
    requires transitive org.slf4j;
    requires HdrHistogram;
    requires micrometer.registry.prometheus;
    requires io.prometheus.metrics.model;

    exports dev.treaty.observe;
}
