package dev.treaty.registry.dns;

import dev.treaty.core.discovery.Registry;
import dev.treaty.registry.NetworkRegistry;
import dev.treaty.registry.RegistryAddress;
import dev.treaty.registry.spi.RegistryProvider;
import java.util.Set;

/** Opens registries in DNS: {@code dns://name:port?server=host:port}. */
public final class DnsRegistryProvider implements RegistryProvider {
    /** For {@link java.util.ServiceLoader}. */
    public DnsRegistryProvider() {}

    @Override
    public Set<String> schemes() {
        return Set.of("dns");
    }

    @Override
    public Registry open(RegistryAddress.Provided address, RegistryContext context) {
        return NetworkRegistry.over(new DnsBackend(DnsAddress.parse(address), context), address.toString(), context);
    }
}
