import org.jspecify.annotations.NullMarked;

/** Where instances register under a lease and contracts are published: within the process and over the network. */
@NullMarked
module dev.treaty.registry {
    requires static transitive org.jspecify;
    requires transitive dev.treaty.core;

    exports dev.treaty.registry;

    uses dev.treaty.registry.RegistryProvider;
}
