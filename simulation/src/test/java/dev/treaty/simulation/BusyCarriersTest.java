package dev.treaty.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.core.call.Dispatcher;
import dev.treaty.core.call.Handler;
import dev.treaty.core.call.Principal;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.event.Events;
import dev.treaty.core.time.Chance;
import dev.treaty.core.time.Time;
import dev.treaty.registry.NetworkRegistry;
import dev.treaty.registry.PreservationPolicy;
import dev.treaty.registry.RegistryLimits;
import dev.treaty.registry.RegistryPolicy;
import dev.treaty.registry.RegistryProtocol;
import dev.treaty.registry.RegistryService;
import dev.treaty.registry.RegistryTable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Virtual threads are not taken from their carriers: where all are busy, none that waits for one goes on. */
class BusyCarriersTest {
    private static final RegistryPolicy POLICY = new RegistryPolicy(
            Duration.ofMillis(300),
            Duration.ofSeconds(20),
            Duration.ofMillis(10),
            Duration.ofMillis(50),
            Duration.ofSeconds(20),
            PreservationPolicy.STANDARD);

    private static final int RENEWALS = 3;

    @Test
    void leasesAreRenewedAllTheSame() throws InterruptedException {
        var limits = new RegistryLimits(10, 10, 10, 10, 100, Duration.ofMillis(100), Duration.ofMinutes(1));
        var renewals = new AtomicInteger();
        try (var service = new RegistryService(new RegistryTable(limits, Chance.system()), Time.system(), Events.NONE);
                var client = new NetworkRegistry(
                        "treaty://registry",
                        counting(service, renewals),
                        Principal.claimed("test"),
                        POLICY,
                        Time.system(),
                        Chance.system(),
                        Events.NONE)) {
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
                int before = renewals.get();
                long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
                while (renewals.get() < before + RENEWALS) {
                    assertThat(System.nanoTime() - end).isNegative();
                    Thread.yield();
                }
            } finally {
                busy.set(false);
                for (Thread call : calls) {
                    call.join();
                }
            }
        }
    }

    /** The registry, asked by whoever asks it. */
    private static Handler counting(RegistryService service, AtomicInteger renewals) {
        Handler handler = Dispatcher.of(
                RegistryProtocol.class, ServiceContract.of(RegistryProtocol.class), service, (call, mistake) -> {
                    throw new AssertionError("mistake handling " + call.path(), mistake);
                });
        return call -> {
            if (call.operation().name().equals("renew")) {
                renewals.incrementAndGet();
            }
            return handler.handle(call);
        };
    }
}
