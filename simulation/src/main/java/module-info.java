import org.jspecify.annotations.NullMarked;

/** Test kit: in-memory twins and the conformance suites of what can be replaced. */
@NullMarked
module dev.treaty.simulation {
    requires static transitive org.jspecify;
    requires transitive dev.treaty;
    requires transitive dev.treaty.registry;
    requires static org.assertj.core;
    requires static org.junit.jupiter.api;

    exports dev.treaty.simulation;
}
