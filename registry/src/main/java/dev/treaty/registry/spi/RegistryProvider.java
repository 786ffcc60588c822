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
 * Opens registries of certain address schemes. A module provides it through {@link ServiceLoader}, so a program that
 * has the module on its class path can name such a registry in its configuration.
 */
public interface RegistryProvider {
    /** The artifacts of Treaty that provide a scheme, for messages. */
    Map<String, String> ARTIFACTS = Map.of(
            "etcd", "dev.treaty:treaty-registry-etcd",
            "zookeeper", "dev.treaty:treaty-registry-zookeeper",
            "dns", "dev.treaty:treaty-registry-dns");

    /** Returns the address schemes of this provider, in lower case. */
    Set<String> schemes();

    /**
     * Opens a client of the registry at an address, without waiting for the registry.
     *
     * @throws IllegalArgumentException if the address or one of its options is not supported
     */
    Registry open(RegistryAddress.Provided address, RegistryContext context);

    /**
     * What the client of a registry needs from its process.
     *
     * @param self identity of this process
     * @param policy timeouts and leases
     * @param random source of lease tokens, which others must not be able to guess, and of jitter
     * @param format text form of instances in a backend
     */
    record RegistryContext(
            Principal self,
            RegistryPolicy policy,
            Time time,
            RandomGenerator random,
            Events events,
            InstanceFormat format) {}

    /** Finds the provider of a scheme on the class path. */
    static Optional<RegistryProvider> of(String scheme) {
        return ServiceLoader.load(RegistryProvider.class).stream()
                .map(ServiceLoader.Provider::get)
                .filter(provider -> provider.schemes().contains(scheme))
                .findFirst();
    }
}
