package dev.treaty.benchmarks.discovery;

import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.core.event.Events;
import dev.treaty.core.time.RandomSource;
import dev.treaty.core.time.Time;
import dev.treaty.registry.EmbeddedRegistry;
import dev.treaty.registry.RegistryLimits;
import dev.treaty.registry.RegistryProtocol.Health;
import dev.treaty.registry.RegistryProtocol.Instance;
import dev.treaty.registry.RegistryProtocol.Lease;
import dev.treaty.registry.server.RegistryService;
import dev.treaty.registry.server.RegistryTable;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/** Treaty's table of instances on its own: memory, renewals, lookups, updates. */
final class TableMeasurement {
    private static final int THREADS = 2;
    private static final int LOOKUPS = 2_000_000;
    private static final int LARGE = 10_000;

    /** How many of its leases a process renews in one request. */
    private static final int BATCH = 4;

    private final int instances;
    private final int services;
    private final Duration time;

    /** @param time how long renewals are measured */
    TableMeasurement(int instances, int services, Duration time) {
        this.instances = instances;
        this.services = services;
        this.time = time;
    }

    private static String token(int number) {
        return "token-%026d".formatted(number);
    }

    /** As it would come from the network: no part of it is shared with another. */
    private static Instance instance(String service, String id, int number, Status status) {
        Instant now = Instant.now();
        return new Instance(
                id,
                copy(service),
                copy("1.4.0"),
                copy("http"),
                "10.%d.%d.%d".formatted(number >> 16, number >> 8 & 255, number & 255),
                8080,
                Optional.of(new Health(status, "", Optional.of(now), Optional.empty())),
                copy("eu"),
                copy("eu-1a"),
                100,
                copy("0123456789abcdef0123456789abcdef"),
                Optional.of(Map.of(copy("team"), copy("shop"), copy("commit"), "%040x".formatted(number))),
                Optional.of(now));
    }

    /** The same text in a string of its own, as a decoder makes it. */
    private static String copy(String text) {
        return String.valueOf(text.toCharArray());
    }

    Map<String, Double> measure() throws InterruptedException {
        var values = new HashMap<String, Double>();
        long before = Heap.usedBytes();
        var table = new RegistryTable(RegistryLimits.STANDARD.withInstances(instances + LARGE), RandomSource.system());
        try (var service = new RegistryService(table, Time.system(), Events.NONE);
                var registry = new EmbeddedRegistry(table, Time.system(), Events.NONE)) {
            for (int i = 0; i < instances; i++) {
                String name = "bench.Service" + i % services;
                service.register(instance(name, "instance-" + i, i, Status.PASSING), token(i), 600_000);
            }
            values.put("heap", (Heap.usedBytes() - before) / (double) instances);
            values.put("renewals", renewals(service));
            lookups(registry, values);
            updates(service, values);
        }
        return values;
    }

    private double renewals(RegistryService service) throws InterruptedException {
        var renewed = new AtomicLong();
        var threads = new ArrayList<Thread>();
        long start = System.nanoTime();
        long end = start + time.toNanos();
        for (int t = 0; t < THREADS; t++) {
            int from = t * (instances / THREADS);
            threads.add(Thread.ofPlatform().start(() -> {
                long count = 0;
                for (int at = from; System.nanoTime() - end < 0; at += BATCH) {
                    var leases = new ArrayList<Lease>(BATCH);
                    for (int i = 0; i < BATCH; i++) {
                        int number = (at + i) % instances;
                        leases.add(new Lease("instance-" + number, token(number)));
                    }
                    if (!service.renew(leases).unknown().isEmpty()) {
                        throw new IllegalStateException("a lease was lost");
                    }
                    count += BATCH;
                }
                renewed.addAndGet(count);
            }));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        return renewed.get() * 1e9 / (System.nanoTime() - start);
    }

    private static void lookups(EmbeddedRegistry registry, Map<String, Double> values) {
        var name = new ServiceName("bench.Service0");
        long found = 0;
        for (int warm = 0; warm < LOOKUPS; warm++) {
            found += registry.instances(name).size();
        }
        long bytes = Heap.allocatedBytes();
        long start = System.nanoTime();
        for (int i = 0; i < LOOKUPS; i++) {
            found += registry.instances(name).size();
        }
        double nanos = System.nanoTime() - start;
        if (found == 0) {
            throw new IllegalStateException("nothing was found");
        }
        values.put("lookup", nanos / LOOKUPS);
        values.put("lookupAllocation", Math.rint((double) (Heap.allocatedBytes() - bytes) / LOOKUPS));
    }

    /** One instance after the other of a large service changes. */
    private void updates(RegistryService service, Map<String, Double> values) {
        List<Health> healths = List.of(
                new Health(Status.WARNING, "busy", Optional.empty(), Optional.empty()),
                new Health(Status.PASSING, "", Optional.empty(), Optional.empty()));
        for (int i = 0; i < LARGE; i++) {
            service.register(instance("bench.Large", "large-" + i, i, Status.PASSING), token(i), 600_000);
        }
        for (int i = 0; i < LARGE; i++) {
            service.report("large-" + i, token(i), healths.getFirst());
        }
        long bytes = Heap.allocatedBytes();
        long start = System.nanoTime();
        for (int i = 0; i < LARGE; i++) {
            service.report("large-" + i, token(i), healths.getLast());
        }
        values.put("update", (System.nanoTime() - start) / 1e3 / LARGE);
        values.put("updateAllocation", (Heap.allocatedBytes() - bytes) / (double) LARGE);
    }
}
