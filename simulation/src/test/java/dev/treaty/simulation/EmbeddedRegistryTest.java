package dev.treaty.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import dev.treaty.core.discovery.DiscoveryEvent;
import dev.treaty.core.discovery.Registry;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.event.Events;
import dev.treaty.core.time.RandomSource;
import dev.treaty.core.time.Time;
import dev.treaty.registry.EmbeddedRegistry;
import dev.treaty.registry.RegistryLimits;
import dev.treaty.registry.server.RegistryTable;
import java.time.Instant;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class EmbeddedRegistryTest extends RegistryConformance {
    private final RegistryTable table = new RegistryTable(RegistryLimits.STANDARD, RandomSource.system());

    @Override
    protected Registry open() {
        return new EmbeddedRegistry(table, Time.system(), Events.NONE);
    }

    @Test
    void an_instance_is_updated_in_place() throws InterruptedException {
        var service = new ServiceName("shop.Orders");
        var before = ServiceInstance.of(
                "o",
                service,
                new Version(1, 0, 0),
                new ServiceEndpoint("http", "127.0.0.1", 1),
                Instant.parse("2026-01-01T00:00:00Z"));
        ServiceInstance after = before.withWeight(7);
        var events = new LinkedBlockingQueue<DiscoveryEvent>();
        try (Registry registry = open()) {
            var registration = registry.register(before);
            try (var _ = registry.watch(service, events::add)) {
                registration.update(after);
                assertThat(registration.instance()).isEqualTo(after);
                assertThat(events.poll(60, TimeUnit.SECONDS)).isInstanceOf(DiscoveryEvent.Added.class);
                assertThat(events.poll(60, TimeUnit.SECONDS)).isInstanceOf(DiscoveryEvent.Updated.class);
            }
            var other = ServiceInstance.of("p", service, after.version(), after.endpoint(), after.startedAt());
            assertThatThrownBy(() -> registration.update(other)).hasMessageContaining("an instance keeps its id");
            registration.close();
            registration.update(before);
            assertThat(registry.instances(service)).as("after close").isEmpty();
        }
    }
}
