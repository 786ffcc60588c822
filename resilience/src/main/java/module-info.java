import org.jspecify.annotations.NullMarked;

/** Fault tolerance: policies, their runtimes, isolation levels and fallbacks. */
@NullMarked
module dev.treaty.resilience {
    requires transitive dev.treaty.core;
    requires static org.jspecify;

    exports dev.treaty.resilience;
}
