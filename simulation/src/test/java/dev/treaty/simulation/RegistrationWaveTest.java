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

/** A registry restarts empty, and all clients register again. */
class RegistrationWaveTest {
    private static final int CLIENTS = 300;
    private static final Duration STEP = Duration.ofMillis(20);
    private static final long PAUSE_NANOS = 50_000;
    private static final Duration BUCKET = Duration.ofMillis(250);

    private final ManualTime time = new ManualTime();
    private final AtomicInteger requests = new AtomicInteger(); // requests in progress that do not wait

    /**
     * Advances the time in small steps, each after the threads that the previous one woke have finished.
     *
     * @param sleepers the number of sleeping threads when no thread has work
     */
    private void until(BooleanSupplier reached, int sleepers) {
        while (!reached.getAsBoolean()) {
            time.advance(STEP);
            settle(sleepers);
        }
    }

    /** Lets woken threads run before the check, because they do not count as awake at once. */
    private void settle(int sleepers) {
        LockSupport.parkNanos(PAUSE_NANOS);
        long end = System.nanoTime() + Polling.PATIENCE.toNanos();
        while (requests.get() > 0 || time.sleepers() < sleepers) {
            assertThat(System.nanoTime() - end)
                    .as("nanoseconds after the end of the wait")
                    .isNegative();
            LockSupport.parkNanos(PAUSE_NANOS);
        }
    }

    private Handler counted(Handler connection) {
        return call -> {
            if (call.operation().name().equals("watch")) {
                return connection.handle(call); // is answered when there is a change
            }
            requests.incrementAndGet();
            try {
                return connection.handle(call);
            } finally {
                requests.decrementAndGet();
            }
        };
    }

    @Test
    void clients_spread_their_registrations_and_keep_their_views() {
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
            int asleep = 2 * CLIENTS; // two threads of each client: one renews leases, one watches
            until(() -> time.nanoTime() - down > Duration.ofSeconds(2).toNanos(), asleep);
            host.requests.clear();
            host.start();
            until(
                    () -> {
                        assertThat(watching.instances(RegistryConformance.ORDERS))
                                .as("the view of a client")
                                .hasSize(CLIENTS);
                        return host.count("register") >= CLIENTS;
                    },
                    asleep + 1); // and the thread of the registry that expires leases

            Map<Long, Integer> buckets = new HashMap<>();
            host.requests.stream()
                    .filter(request -> request.operation().equals("register"))
                    .forEach(request -> buckets.merge(request.nanos() / BUCKET.toNanos(), 1, Integer::sum));
            double mean = CLIENTS
                    * BUCKET.toNanos()
                    / (double) RegistryPolicy.STANDARD.lease().dividedBy(3).toNanos();
            int peak = buckets.values().stream().mapToInt(n -> n).max().orElseThrow();
            assertThat(peak)
                    .as("the most registrations in " + BUCKET.toMillis() + " ms; " + buckets)
                    .isLessThanOrEqualTo((int) (2 * mean));
            assertThat(host.count("register")).as("registrations").isEqualTo(CLIENTS);
        } finally {
            var ends = clients.stream()
                    .map(client -> Thread.ofVirtual().start(client::close))
                    .toList();
            until(() -> ends.stream().noneMatch(Thread::isAlive), 0);
        }
    }
}
