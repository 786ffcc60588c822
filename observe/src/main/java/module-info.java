import org.jspecify.annotations.NullMarked;

@NullMarked
module dev.treaty.observe {
    requires static transitive org.jspecify;
    requires transitive dev.treaty.core;
    requires HdrHistogram;
    requires micrometer.core;
    requires micrometer.registry.prometheus;
    requires org.slf4j;
}
