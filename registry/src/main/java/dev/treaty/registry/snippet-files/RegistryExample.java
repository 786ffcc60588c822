import dev.treaty.core.call.Handler;
import dev.treaty.core.call.Principal;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.Registry;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.event.Events;
import dev.treaty.core.time.Time;
import dev.treaty.registry.EmbeddedRegistry;
import dev.treaty.registry.NetworkRegistry;
import dev.treaty.registry.RegistryLimits;
import dev.treaty.registry.RegistryPolicy;
import dev.treaty.registry.server.RegistryService;
import dev.treaty.registry.server.RegistryTable;
import java.security.SecureRandom;

class RegistryExample {
    void embedded(ServiceInstance instance) {
        // @start region="embedded"
        var table = new RegistryTable(RegistryLimits.STANDARD, new SecureRandom());
        var registry = new EmbeddedRegistry(table, Time.system(), Events.NONE);

        try (var registration = registry.register(instance)) {
            registry.watch(new ServiceName("shop.Orders"), event -> System.out.println(event));
            registration.drain();
        }
        // @end
    }

    // @start region="network"
    RegistryService offer(RegistryTable table) {
        return new RegistryService(
                table, Time.system(), Events.NONE); // hosted by a server like any implementation of a contract
    }

    Registry use(Handler connection) {
        return new NetworkRegistry(
                "treaty://127.0.0.1:7400",
                connection,
                Principal.claimed("shop.Orders"),
                RegistryPolicy.STANDARD,
                Time.system(),
                new SecureRandom(),
                Events.NONE);
    }
    // @end
}
