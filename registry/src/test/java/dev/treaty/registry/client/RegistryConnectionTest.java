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

@Timeout(60) // closing waits in manual time if an assertion failed
class RegistryConnectionTest {
    private static final Duration STEP = Duration.ofMillis(50);
    private static final Duration OBSERVED = Duration.ofSeconds(10);

    /** A lease of ten seconds is renewed after a sixth to a third of that. */
    private static final int RENEWALS_MAX = 7;

    private final ManualTime time = new ManualTime();
    private final FakeBackend backend = new FakeBackend();
    private final Map<ServiceName, Backend.Follower> followers = new ConcurrentHashMap<>();

    @Test
    void renewals_that_succeed_do_not_clear_the_error_of_watches_that_fail() throws InterruptedException {
        var renewals = new CopyOnWriteArrayList<Long>();
        var changes = new CopyOnWriteArrayList<Event.RegistryChanged>();
        backend.onRenew = () -> renewals.add(time.nanoTime());
        backend.onFollow = (service, follower) -> {
            followers.put(service, follower);
            follower.failed("no permission");
        };
        Events events = event -> {
            if (event instanceof Event.RegistryChanged changed) {
                changes.add(changed);
            }
        };

        try (var registry = NetworkRegistry.over(backend, "fake://backend", backend.context(time, events))) {
            registry.register(Instances.of(ORDERS, "a"));
            var following = Thread.ofVirtual().start(() -> registry.instances(STOCK));
            eventually(() -> registry.problem().isPresent());
            for (Duration passed = Duration.ZERO; passed.compareTo(OBSERVED) < 0; passed = passed.plus(STEP)) {
                time.advance(STEP);
                eventually(() -> time.sleepers() >= 3); // lease keeper, watch client, leases of the cached view
            }
            following.join();

            assertThat(renewals).hasSizeBetween(1, RENEWALS_MAX);
            assertThat(changes).extracting(Event.RegistryChanged::reachable).containsExactly(false);
            assertThat(registry.problem()).get().asString().contains("no permission");

            followers.get(STOCK).complete(Map.of());
            eventually(() -> {
                time.advance(STEP);
                return changes.size() > 1;
            });
            eventually(() -> registry.problem().isEmpty());
            assertThat(changes).extracting(Event.RegistryChanged::reachable).containsExactly(false, true);
        }
    }
}
