package dev.treaty.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.core.event.Events;
import dev.treaty.core.time.ManualTime;
import dev.treaty.registry.NetworkRegistry;
import dev.treaty.registry.RegistryLimits;
import dev.treaty.registry.RegistryPolicy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;

/** A registry comes back with nothing in it, and everybody has to register again. */
class RegistrationWaveTest {
    private static final int CLIENTS = 300;
    private static final Duration STEP = Duration.ofMillis(20);
    private static final long PAUSE_NANOS = 500_000;
    private static final Duration BUCKET = Duration.ofMillis(250);

    private final ManualTime time = new ManualTime();

    /** Lets the time go on in small steps, each with a moment for those who wake. */
    private void until(BooleanSupplier reached) {
        long end = System.nanoTime() + WatchRecorder.PATIENCE.toNanos();
        while (!reached.getAsBoolean()) {
            assertThat(System.nanoTime() - end)
                    .as("nanoseconds over the time to wait")
                    .isNegative();
            time.advance(STEP);
            LockSupport.parkNanos(PAUSE_NANOS);
        }
    }

    @Test
    void comesBackWithoutAHerdAndEmptiesNobodysView() {
        var clients = new ArrayList<NetworkRegistry>();
        try (var host = new RegistryHost(time, RegistryLimits.STANDARD).start()) {
            for (int i = 0; i < CLIENTS; i++) {
                var client = host.client(RegistryPolicy.STANDARD, Events.NONE);
                clients.add(client);
                client.register(RegistryConformance.instance(RegistryConformance.ORDERS, "i" + i));
            }
            var watching = clients.getFirst();
            assertThat(watching.instances(RegistryConformance.ORDERS)).hasSize(CLIENTS);

            host.crash();
            long down = time.nanoTime();
            until(() -> time.nanoTime() - down > Duration.ofSeconds(2).toNanos());
            host.asked.clear();
            host.start();
            until(() -> {
                assertThat(watching.instances(RegistryConformance.ORDERS))
                        .as("the view of a client")
                        .hasSize(CLIENTS);
                return host.count("register") >= CLIENTS;
            });

            Map<Long, Integer> buckets = new HashMap<>();
            host.asked.stream()
                    .filter(asked -> asked.operation().equals("register"))
                    .forEach(asked -> buckets.merge(asked.nanos() / BUCKET.toNanos(), 1, Integer::sum));
            double mean = CLIENTS
                    * BUCKET.toNanos()
                    / (double) RegistryPolicy.STANDARD.lease().dividedBy(3).toNanos();
            int peak = buckets.values().stream().mapToInt(n -> n).max().orElseThrow();
            assertThat(peak)
                    .as("the most registrations in " + BUCKET.toMillis() + " ms; " + buckets)
                    .isLessThanOrEqualTo((int) (2 * mean));
            assertThat(host.count("register")).as("nobody registers twice").isEqualTo(CLIENTS);
        } finally {
            var ends = clients.stream()
                    .map(client -> Thread.ofVirtual().start(client::close))
                    .toList();
            until(() -> ends.stream().noneMatch(Thread::isAlive));
        }
    }
}
