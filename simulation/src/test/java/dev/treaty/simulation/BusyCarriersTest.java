package dev.treaty.simulation;

import dev.treaty.core.event.Events;
import dev.treaty.core.time.Time;
import dev.treaty.registry.RegistryLimits;
import dev.treaty.registry.RegistryPolicy;
import dev.treaty.registry.SelfPreservationPolicy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** Virtual threads are not preempted: while all carrier threads are busy, waiting virtual threads do not run. */
class BusyCarriersTest {
    private static final RegistryPolicy POLICY = new RegistryPolicy(
            Duration.ofMillis(300),
            Duration.ofSeconds(20),
            Duration.ofMillis(10),
            Duration.ofMillis(50),
            Duration.ofSeconds(20),
            SelfPreservationPolicy.STANDARD);

    private static final int RENEWALS = 3;

    @Test
    void leases_are_renewed_while_all_carrier_threads_are_busy() throws InterruptedException {
        var limits = new RegistryLimits(10, 10, 10, 10, 100, Duration.ofMillis(100), Duration.ofMinutes(1), 1 << 30);
        try (var host = new RegistryHost(Time.system(), limits).start();
                var client = host.client(host.handler(), POLICY, Events.NONE)) {
            client.register(RegistryConformance.instance(RegistryConformance.ORDERS, "a"));
            var busy = new AtomicBoolean(true);
            List<Thread> calls = new ArrayList<>();
            for (int i = 0; i < Runtime.getRuntime().availableProcessors(); i++) {
                calls.add(Thread.startVirtualThread(() -> {
                    while (busy.get()) {
                        Thread.onSpinWait();
                    }
                }));
            }
            try {
                long before = renewals(host);
                Polling.until(() -> renewals(host) >= before + RENEWALS);
            } finally {
                busy.set(false);
                for (Thread call : calls) {
                    call.join();
                }
            }
        }
    }

    private static long renewals(RegistryHost host) {
        return host.requests.stream()
                .filter(request -> request.operation().equals("renew"))
                .count();
    }
}
