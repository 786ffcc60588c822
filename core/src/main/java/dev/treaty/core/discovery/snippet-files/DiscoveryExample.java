import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.DiscoveryEvent;
import dev.treaty.core.discovery.ServiceDiscovery;
import dev.treaty.core.discovery.Subscription;
import java.util.function.Consumer;

class DiscoveryExample {
    Subscription follow(ServiceDiscovery discovery, Consumer<String> say) {
        // @start region="watch"
        return discovery.watch(new ServiceName("shop.Orders"), event -> {
            switch (event) {
                case DiscoveryEvent.Added added ->
                    say.accept("new: " + added.instance().endpoint());
                case DiscoveryEvent.Updated updated ->
                    say.accept("now: " + updated.instance().health());
                case DiscoveryEvent.Removed removed -> say.accept("gone: " + removed.reason());
            }
        });
        // @end
    }
}
