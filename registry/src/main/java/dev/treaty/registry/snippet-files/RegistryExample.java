import dev.treaty.core.call.Handler;
import dev.treaty.core.call.Principal;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.Registry;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.event.Events;
import dev.treaty.core.event.RuntimeDependencies;
import dev.treaty.core.time.RandomSource;
import dev.treaty.core.time.Time;
import dev.treaty.registry.EmbeddedRegistry;
import dev.treaty.registry.NetworkRegistry;
import dev.treaty.registry.RegistryPolicy;

class RegistryExample {
    void embedded(ServiceInstance instance) {
        // @start region="embedded"
        try (var registry = new EmbeddedRegistry(RuntimeDependencies.system(Events.NONE));
                var registration = registry.register(instance)) {
            registry.watch(new ServiceName("shop.Orders"), event -> System.out.println(event));
            registration.drain();
        }
        // @end
    }

    // @start region="network"
    Registry open(Handler connection) {
        return new NetworkRegistry(
                "treaty://127.0.0.1:7400",
                connection,
                Principal.claimed("shop.Orders"),
                RegistryPolicy.STANDARD,
                new RuntimeDependencies(Time.system(), RandomSource.secure(), Events.NONE));
    }
    // @end
}
