package dev.treaty.registry.etcd;

import dev.treaty.core.discovery.Registry;
import dev.treaty.registry.NetworkRegistry;
import dev.treaty.registry.RegistryAddress;
import dev.treaty.registry.RegistryProvider;
import java.util.Set;

/** Opens {@code etcd://host:2379,host:2379/prefix}. */
public final class EtcdRegistryProvider implements RegistryProvider {
    /** For {@link java.util.ServiceLoader}. */
    public EtcdRegistryProvider() {}

    @Override
    public Set<String> schemes() {
        return Set.of("etcd");
    }

    @Override
    public Registry open(RegistryAddress.Provided address, Surroundings surroundings) {
        var engine = new EtcdEngine(EtcdAddress.parse(address), surroundings);
        return NetworkRegistry.over(engine, address.toString(), surroundings);
    }
}
