package dev.treaty.client;

import dev.treaty.balance.Locality;
import dev.treaty.config.Settings;
import dev.treaty.core.discovery.ServiceDiscovery;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.discovery.Subscription;
import java.util.List;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Where this process stands: its region and zone, and which it is among its like, so that each of them calls another
 * subset of a large service. Its like are the instances of the first service that it serves; one that serves nothing
 * takes a place by chance, which is even on average only.
 */
public final class ClientLocation implements AutoCloseable {
    /** Places by chance. */
    private static final int PLACES = 1 << 16;

    private final Settings settings;
    private final ServiceDiscovery discovery;
    private final Consumer<Locality> moved;
    private volatile Locality place;
    private @Nullable Subscription subscription;

    /** @param moved told of each change */
    public ClientLocation(
            Settings settings, ServiceDiscovery discovery, RandomGenerator random, Consumer<Locality> moved) {
        this.settings = settings;
        this.discovery = discovery;
        this.moved = moved;
        this.place = new Locality(settings.region(), settings.zone(), random.nextInt(PLACES), PLACES);
    }

    public Locality place() {
        return place;
    }

    /** This process serves that instance; only the first counts. */
    public void serves(ServiceInstance self) {
        boolean subsets = settings.balance().defaults().subset() > 0
                || settings.balance().services().values().stream()
                        .anyMatch(s -> s.policy().subset() > 0);
        if (subsets && subscription == null) {
            subscription = discovery.watch(self.service(), _ -> count(self));
        }
    }

    private void count(ServiceInstance self) {
        List<String> ids = discovery.instances(self.service()).stream()
                .map(ServiceInstance::id)
                .sorted()
                .toList();
        int index = ids.indexOf(self.id());
        if (index >= 0) {
            var now = new Locality(settings.region(), settings.zone(), index, ids.size());
            if (!now.equals(place)) {
                place = now;
                moved.accept(now);
            }
        }
    }

    @Override
    public void close() {
        if (subscription != null) {
            subscription.close();
        }
    }
}
