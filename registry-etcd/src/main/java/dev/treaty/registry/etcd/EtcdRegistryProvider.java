package dev.treaty.registry.etcd;

import dev.treaty.core.discovery.Registry;
import dev.treaty.registry.NetworkRegistry;
import dev.treaty.registry.RegistryAddress;
import dev.treaty.registry.spi.RegistryProvider;
import java.util.Set;

/** Opens registries in etcd: {@code etcd://host:2379,host:2379/prefix}. */
public final class EtcdRegistryProvider implements RegistryProvider {
    /** For {@link java.util.ServiceLoader}. */
    public EtcdRegistryProvider() {}

    @Override
    public Set<String> schemes() {
        return Set.of("etcd");
    }

    @Override
    public Registry open(RegistryAddress.Provided address, RegistryContext context) {
        return NetworkRegistry.over(new EtcdBackend(address, context), address.toString(), context);
    }
}
