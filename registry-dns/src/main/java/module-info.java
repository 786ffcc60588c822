import org.jspecify.annotations.NullMarked;

/** Instances found by DNS, and a DNS server that tells of instances. */
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
