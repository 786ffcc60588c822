import org.jspecify.annotations.NullMarked;

/** Discovers instances through DNS, and serves the instances of a registry by DNS. */
@NullMarked
module dev.treaty.registry.dns {
    requires static transitive org.jspecify;
    requires transitive dev.treaty.core;
    requires transitive dev.treaty.registry;
    requires org.dnsjava;

    exports dev.treaty.registry.dns;

    provides dev.treaty.registry.spi.RegistryProvider with
            dev.treaty.registry.dns.DnsRegistryProvider;
}
