package dev.treaty.registry.client;

import static dev.treaty.registry.Instances.ORDERS;
import static dev.treaty.registry.Instances.STOCK;
import static dev.treaty.registry.Patience.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.event.Event;
import dev.treaty.core.event.Events;
import dev.treaty.core.time.ManualTime;
import dev.treaty.registry.Instances;
import dev.treaty.registry.NetworkRegistry;
import dev.treaty.registry.backend.FakeBackend;
import dev.treaty.registry.spi.Backend;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A registry that answers some questions and others not. */
@Timeout(60) // closing waits in a time that stands still where an assertion failed
class RegistryConnectionTest {
    private final ManualTime time = new ManualTime();
    private final FakeBackend engine = new FakeBackend();
    private final Map<ServiceName, Backend.Follower> followers = new ConcurrentHashMap<>();

    @Test
    void renewalsThatSucceedDoNotHurryWatchesThatFail() throws InterruptedException {
        var renewed = new CopyOnWriteArrayList<Long>();
        var changes = new CopyOnWriteArrayList<Event.RegistryChanged>();
        engine.onRenew = () -> renewed.add(time.nanoTime());
        engine.onFollow = (service, follower) -> {
            followers.put(service, follower);
            follower.failed("no permission");
        };
        Events events = event -> {
            if (event instanceof Event.RegistryChanged changed) {
                changes.add(changed);
            }
        };

        try (var registry = NetworkRegistry.over(engine, "fake://engine", engine.surroundings(time, events))) {
            registry.register(Instances.of(ORDERS, "a"));
            var following = Thread.ofVirtual().start(() -> registry.instances(STOCK));
            eventually(() -> registry.problem().isPresent());
            for (int i = 0; i < 200; i++) {
                time.advance(Duration.ofMillis(50));
                eventually(() -> time.sleepers() >= 3); // keeper, replica and the leases of the mirror
            }
            following.join();

            assertThat(renewed).as("renewals within ten seconds").hasSizeBetween(1, 7);
            assertThat(changes).extracting(Event.RegistryChanged::reachable).containsExactly(false);
            assertThat(registry.problem()).get().asString().contains("no permission");

            followers.get(STOCK).complete(Map.of());
            eventually(() -> {
                time.advance(Duration.ofMillis(50));
                return changes.size() > 1;
            });
            assertThat(registry.problem()).isEmpty();
            assertThat(changes).extracting(Event.RegistryChanged::reachable).containsExactly(false, true);
        }
    }
}
