import org.jspecify.annotations.NullMarked;

/** Test kit: conformance suites, and in-memory replacements for what is slow or remote. */
@NullMarked
module dev.treaty.simulation {
    requires static transitive org.jspecify;
    requires transitive dev.treaty;
    requires transitive dev.treaty.registry;
    requires static org.assertj.core;
    requires static org.junit.jupiter.api;

    exports dev.treaty.simulation;
}
