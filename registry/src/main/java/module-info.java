import org.jspecify.annotations.NullMarked;

/** Registries: instances register under a lease, contracts are published, and clients watch both. */
@NullMarked
@SuppressWarnings("module") // the modules that the qualified exports name are compiled later
module dev.treaty.registry {
    requires static transitive org.jspecify;
    requires transitive dev.treaty.core;

    exports dev.treaty.registry;
    exports dev.treaty.registry.backend to
            dev.treaty;
    exports dev.treaty.registry.server to
            dev.treaty,
            dev.treaty.cli,
            dev.treaty.registry.compat,
            dev.treaty.simulation;
    exports dev.treaty.registry.spi;

    uses dev.treaty.registry.spi.RegistryProvider;
}
