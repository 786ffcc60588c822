import org.jspecify.annotations.NullMarked;

/** Compatibility APIs of a registry: those of Consul and of Prometheus. */
@NullMarked
module dev.treaty.registry.compat {
    requires static transitive org.jspecify;
    requires transitive dev.treaty.core;
    requires transitive dev.treaty.http;
    requires transitive dev.treaty.registry;

    exports dev.treaty.registry.compat;
}
