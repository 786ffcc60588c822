package dev.treaty.registry.spi;

import dev.treaty.core.call.Principal;
import dev.treaty.core.discovery.Registry;
import dev.treaty.core.event.Events;
import dev.treaty.core.time.Time;
import dev.treaty.registry.RegistryAddress;
import dev.treaty.registry.RegistryPolicy;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.random.RandomGenerator;

/**
 * A kind of registry that a module brings: it is found by the scheme of the address through {@link ServiceLoader}, so
 * that a program gets it by having the module on its class path and naming it in its configuration.
 */
public interface RegistryProvider {
    /** The modules that the house has, by scheme: what to add where one is missing. */
    Map<String, String> ARTIFACTS = Map.of(
            "etcd", "dev.treaty:treaty-registry-etcd",
            "zookeeper", "dev.treaty:treaty-registry-zookeeper",
            "dns", "dev.treaty:treaty-registry-dns");

    /** The schemes of the addresses that it opens, in small letters. */
    Set<String> schemes();

    /**
     * Opens a client of the registry at that address. It does not wait for the registry.
     *
     * @throws IllegalArgumentException where the address or an option is not one that it understands
     */
    Registry open(RegistryAddress.Provided address, RegistryContext surroundings);

    /**
     * What a registry's client works with.
     *
     * @param self who this process is
     * @param policy how it deals with its registry
     * @param random makes tokens, so it has to be unpredictable to others, and jitter
     * @param format how instances are written where an engine keeps them
     */
    record RegistryContext(
            Principal self,
            RegistryPolicy policy,
            Time time,
            RandomGenerator random,
            Events events,
            InstanceFormat format) {}

    /** The provider of a scheme, where a module on the class path brings one. */
    static Optional<RegistryProvider> of(String scheme) {
        return ServiceLoader.load(RegistryProvider.class).stream()
                .map(ServiceLoader.Provider::get)
                .filter(provider -> provider.schemes().contains(scheme))
                .findFirst();
    }
}
