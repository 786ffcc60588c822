import org.jspecify.annotations.NullMarked;

/** Observation: metrics and logs made of the stream of events. */
@NullMarked
@SuppressWarnings("requires-transitive-automatic") // Micrometer has no module descriptor, and users meet its registry.
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
