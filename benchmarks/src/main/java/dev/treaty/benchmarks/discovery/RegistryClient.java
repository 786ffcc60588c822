package dev.treaty.benchmarks.discovery;

import dev.treaty.Treaty;
import dev.treaty.config.Settings;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import dev.treaty.core.discovery.DiscoveryEvent;
import dev.treaty.core.discovery.Registry;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.registry.RegistryAddress;
import java.time.Instant;
import java.util.Map;
import java.util.function.Consumer;

/**
 * A client of whatever engine is behind Treaty's own interface.
 *
 * @param registry the client of that engine
 * @param end what else ends with it
 */
record RegistryClient(Registry registry, Runnable end) implements Subject.Client {
    private static final ServiceName NAME = new ServiceName(Subject.SERVICE);

    /** A process's client of the registry at that address. */
    static RegistryClient of(RegistryAddress address) {
        Treaty treaty = Treaty.open(Settings.parse("benchmark", "registry: " + address, Map.of()));
        return new RegistryClient(treaty.registry(), treaty::close);
    }

    static ServiceInstance instance(String id) {
        Instant now = Instant.now();
        var endpoint = new ServiceEndpoint("http", "127.0.0.1", 8080);
        return ServiceInstance.of(id, NAME, new Version(1, 0, 0), endpoint, now)
                .withHealth(ServiceHealth.of(ServiceHealth.Status.PASSING, now))
                .withPlace("eu", "eu-1a")
                .withMetadata(Map.of("team", "bench"));
    }

    @Override
    public AutoCloseable register(String id) {
        return registry.register(instance(id));
    }

    @Override
    public void watch(Consumer<String> added) {
        registry.watch(NAME, event -> {
            if (event instanceof DiscoveryEvent.Added(var instance, var _)) {
                added.accept(instance.id());
            }
        });
    }

    @Override
    public void close() {
        registry.close();
        end.run();
    }
}
