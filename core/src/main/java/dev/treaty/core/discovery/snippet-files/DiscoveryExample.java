import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import dev.treaty.core.discovery.DiscoveryEvent;
import dev.treaty.core.discovery.ServiceDiscovery;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.discovery.Subscription;
import java.time.Instant;
import java.util.Map;
import java.util.function.Consumer;

class DiscoveryExample {
    Subscription follow(ServiceDiscovery discovery, Consumer<String> print) {
        // @start region="watch"
        return discovery.watch(new ServiceName("shop.Orders"), event -> {
            switch (event) {
                case DiscoveryEvent.Added added ->
                    print.accept("added: " + added.instance().endpoint());
                case DiscoveryEvent.Updated updated ->
                    print.accept("updated: " + updated.instance().health());
                case DiscoveryEvent.Removed removed -> print.accept("removed: " + removed.reason());
            }
        });
        // @end
    }

    ServiceInstance describe(ServiceEndpoint endpoint, Instant now) {
        // @start region="instance"
        return ServiceInstance.of("orders-1", new ServiceName("shop.Orders"), new Version(1, 4, 0), endpoint, now)
                .withHealth(ServiceHealth.of(ServiceHealth.Status.PASSING, now))
                .withPlace("eu", "eu-1a")
                .withWeight(200)
                .withMetadata(Map.of("team", "shop"));
        // @end
    }
}
