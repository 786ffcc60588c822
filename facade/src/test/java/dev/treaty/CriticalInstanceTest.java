package dev.treaty;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.core.contract.Contract;
import dev.treaty.core.contract.Idempotent;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.DiscoveryEvent;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceHealth.Status;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A critical instance is deregistered after a while, and registered again when it has recovered. */
class CriticalInstanceTest {
    @Contract(name = "test.Fragile", version = "1.0.0")
    public interface Fragile {
        @Idempotent
        String ask();
    }

    private static final String AFTER_A_SECOND = "registry-server: {deregister-after: 1s}\n";

    private final BlockingQueue<DiscoveryEvent> events = new LinkedBlockingQueue<>();

    private DiscoveryEvent next() throws InterruptedException {
        DiscoveryEvent event = events.poll(60, TimeUnit.SECONDS);
        assertThat(event).isNotNull();
        return event;
    }

    private static ServiceHealth health(Status status, String message) {
        return new ServiceHealth(status, message, Instant.now(), Map.of());
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void a_critical_instance_is_deregistered_until_it_has_recovered(boolean networked) throws InterruptedException {
        try (Treaty registry = Treaty.open(Patient.settings(AFTER_A_SECOND))) {
            registry.serveRegistry();
            String address =
                    "registry: treaty://" + registry.endpoint().orElseThrow().authority() + "\n";
            try (Treaty member = networked
                    ? Treaty.open(Patient.settings(address))
                    : Treaty.open(Patient.settings(AFTER_A_SECOND))) {
                ServedService fragile = member.serve(Fragile.class, () -> "still here");
                member.registry().watch(new ServiceName("test.Fragile"), events::add);
                assertThat(next()).isInstanceOf(DiscoveryEvent.Added.class);

                fragile.report(health(Status.CRITICAL, "the disk is full"));
                assertThat(next()).isInstanceOf(DiscoveryEvent.Updated.class);
                assertThat(next())
                        .isInstanceOfSatisfying(
                                DiscoveryEvent.Removed.class,
                                removed ->
                                        assertThat(removed.reason()).isEqualTo("critical for 1 s: the disk is full"));

                fragile.report(health(Status.PASSING, ""));
                assertThat(next()).isInstanceOf(DiscoveryEvent.Added.class);
                assertThat(member.client(Fragile.class).ask()).isEqualTo("still here");
            }
        }
    }
}
