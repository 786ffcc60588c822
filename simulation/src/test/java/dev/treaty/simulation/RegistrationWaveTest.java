package dev.treaty.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.core.call.Handler;
import dev.treaty.core.event.Events;
import dev.treaty.core.time.ManualTime;
import dev.treaty.registry.NetworkRegistry;
import dev.treaty.registry.RegistryLimits;
import dev.treaty.registry.RegistryPolicy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;

/** A registry comes back with nothing in it, and everybody has to register again. */
class RegistrationWaveTest {
    private static final int CLIENTS = 300;
    private static final Duration STEP = Duration.ofMillis(20);
    private static final long PAUSE_NANOS = 50_000;
    private static final Duration BUCKET = Duration.ofMillis(250);

    private final ManualTime time = new ManualTime();
    private final AtomicInteger asking = new AtomicInteger(); // requests under way that are to be answered at once

    /**
     * Lets the time go on in small steps, each when everybody whom the one before woke is through.
     *
     * @param sleepers how many are asleep when nobody has anything to do
     */
    private void until(BooleanSupplier reached, int sleepers) {
        while (!reached.getAsBoolean()) {
            time.advance(STEP);
            pauseUntil(() -> asking.get() == 0 && time.sleepers() >= sleepers);
        }
    }

    private static void pauseUntil(BooleanSupplier reached) {
        long end = System.nanoTime() + WatchRecorder.PATIENCE.toNanos();
        do {
            assertThat(System.nanoTime() - end)
                    .as("nanoseconds over the time to wait")
                    .isNegative();
            LockSupport.parkNanos(PAUSE_NANOS);
        } while (!reached.getAsBoolean());
    }

    private Handler counted(Handler connection) {
        return call -> {
            if (call.operation().name().equals("watch")) {
                return connection.handle(call); // is answered when there is something to tell
            }
            asking.incrementAndGet();
            try {
                return connection.handle(call);
            } finally {
                asking.decrementAndGet();
            }
        };
    }

    @Test
    void comesBackWithoutAHerdAndEmptiesNobodysView() {
        var clients = new ArrayList<NetworkRegistry>();
        try (var host = new RegistryHost(time, RegistryLimits.STANDARD).start()) {
            for (int i = 0; i < CLIENTS; i++) {
                var client = host.client(
                        counted(host.network.connect(RegistryHost.ENDPOINT)), RegistryPolicy.STANDARD, Events.NONE);
                clients.add(client);
                client.register(RegistryConformance.instance(RegistryConformance.ORDERS, "i" + i));
            }
            var watching = clients.getFirst();
            assertThat(watching.instances(RegistryConformance.ORDERS)).hasSize(CLIENTS);

            host.crash();
            long down = time.nanoTime();
            int asleep = 2 * CLIENTS; // of each client the thread that keeps leases and the one that follows
            until(() -> time.nanoTime() - down > Duration.ofSeconds(2).toNanos(), asleep);
            host.asked.clear();
            host.start();
            until(
                    () -> {
                        assertThat(watching.instances(RegistryConformance.ORDERS))
                                .as("the view of a client")
                                .hasSize(CLIENTS);
                        return host.count("register") >= CLIENTS;
                    },
                    asleep + 1); // and the registry's, which ends leases

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
            until(() -> ends.stream().noneMatch(Thread::isAlive), 0);
        }
    }
}
