package dev.treaty.registry.zookeeper;

import dev.treaty.core.discovery.Registry;
import dev.treaty.registry.NetworkRegistry;
import dev.treaty.registry.RegistryAddress;
import dev.treaty.registry.spi.RegistryProvider;
import java.util.Set;

/** Opens registries in ZooKeeper: {@code zookeeper://host:2181,host:2181/path}. */
public final class ZooKeeperRegistryProvider implements RegistryProvider {
    /** For {@link java.util.ServiceLoader}. */
    public ZooKeeperRegistryProvider() {}

    @Override
    public Set<String> schemes() {
        return Set.of("zookeeper");
    }

    @Override
    public Registry open(RegistryAddress.Provided address, RegistryContext context) {
        return NetworkRegistry.over(new ZooKeeperBackend(address, context), address.toString(), context);
    }
}
