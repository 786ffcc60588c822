package dev.treaty.demo;

import dev.treaty.Introspection;
import dev.treaty.Treaty;
import dev.treaty.cli.CommandFailed;
import dev.treaty.cli.output.JsonDocuments;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.event.Side;
import dev.treaty.observe.ServiceMetrics;
import java.net.URI;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * Reads the status of each instance every two seconds, and changes instances while they run. The last status of a
 * killed instance still counts.
 */
final class StatusPoller implements Runnable {
    private static final Duration INTERVAL = Duration.ofSeconds(2);

    /** The most attempts to change an instance. Changes are idempotent. */
    private static final int ATTEMPTS_MAX = 5;

    private static final String REASON = "the demo shows it";

    private final Treaty caller;
    private final Treaty customers;
    private final ShopProcesses shop;
    private final Map<ShopInstance, Snapshot> snapshots = new ConcurrentHashMap<>();
    private FabricCounts baseline = FabricCounts.NONE;

    private record Snapshot(Introspection.Status status, double rate, long nanos) {
        /** Adds the rate of served calls since the previous snapshot. */
        static Snapshot after(Snapshot previous, Snapshot current) {
            long calls = current.calls() - previous.calls();
            return new Snapshot(current.status, calls * 1e9 / (current.nanos - previous.nanos), current.nanos);
        }

        private long calls() {
            return served().map(s -> s.total().requests()).orElse(0L);
        }

        /** Returns the metrics of the service of the shop. */
        private Optional<ServiceMetrics> served() {
            return status.report().server().stream()
                    .filter(s -> s.service().value().startsWith("shop.")
                            && !s.service().value().equals("shop.Chaos"))
                    .findFirst();
        }

        Optional<DemoView.Load> load() {
            return served().map(s ->
                    new DemoView.Load(rate, s.minute().p50Millis(), s.minute().p99Millis()));
        }
    }

    /**
     * Polls nothing yet.
     *
     * @param caller may read and change the processes
     * @param customers calls for customers, and is counted
     */
    StatusPoller(Treaty caller, Treaty customers, ShopProcesses shop) {
        this.caller = caller;
        this.customers = customers;
        this.shop = shop;
    }

    /** Sets the baseline of {@link #counts}. */
    void begin() {
        pollAll();
        baseline = sum();
    }

    @Override
    public void run() {
        try {
            while (true) {
                TimeUnit.NANOSECONDS.sleep(INTERVAL.toNanos());
                // An instance that has just been frozen does not delay the others.
                pollable().forEach(instance -> Thread.startVirtualThread(() -> poll(instance)));
            }
        } catch (InterruptedException e) {
            // the demo is over
        }
    }

    /** Reads the status of all instances, and returns when it has been read. */
    void pollAll() {
        pollable().forEach(this::poll);
    }

    private Stream<ShopInstance> pollable() {
        return shop.instances().stream()
                .filter(i -> i.ready().isPresent()
                        && i.condition().alive()
                        && i.condition() != ShopInstance.Condition.FROZEN);
    }

    private void poll(ShopInstance instance) {
        try (var client = caller.direct(Introspection.class, endpoint(instance))) {
            var snapshot = new Snapshot(client.client().status(), 0, System.nanoTime());
            snapshots.merge(instance, snapshot, Snapshot::after);
        } catch (ServiceException e) {
            // the instance was killed or frozen, and its last status stays
        }
    }

    private static ServiceEndpoint endpoint(ShopInstance instance) {
        URI address = instance.ready()
                .orElseThrow(() -> new IllegalStateException(instance.name() + " is not ready"))
                .address();
        return new ServiceEndpoint(address.getScheme(), address.getHost(), address.getPort());
    }

    /** Makes an instance delay each call. */
    void delay(ShopInstance instance, Duration delay) throws InterruptedException {
        change(instance, ShopChaos.class, chaos -> chaos.delay(delay.toMillis()));
    }

    /** Sets central settings, which the processes notice. */
    void set(Map<String, String> settings) {
        settings.forEach((key, value) -> caller.configuration().set(key, value, REASON, Optional.empty()));
    }

    /** Takes central settings back. */
    void unset(Set<String> keys) {
        keys.forEach(key -> caller.configuration().unset(key, REASON));
    }

    private <T> void change(ShopInstance instance, Class<T> contract, Consumer<T> change) throws InterruptedException {
        for (int attempt = 1; ; attempt++) {
            try (var direct = caller.direct(contract, endpoint(instance))) {
                change.accept(direct.client());
                return;
            } catch (ServiceException e) {
                if (Thread.interrupted()) {
                    throw new InterruptedException();
                }
                if (attempt == ATTEMPTS_MAX) {
                    throw new CommandFailed(instance.name() + " cannot be changed: " + e.getMessage());
                }
            }
        }
    }

    /** Returns what all clients, including the demo, have counted since {@link #begin}. */
    FabricCounts counts() {
        return sum().plus(-1, baseline);
    }

    private FabricCounts sum() {
        return Stream.concat(
                        customers.metrics().metrics(Side.CLIENT).stream(),
                        snapshots.values().stream().flatMap(s -> s.status.report().client().stream()))
                .map(FabricCounts::of)
                .reduce(FabricCounts.NONE, (one, other) -> one.plus(1, other));
    }

    /** Returns the current state of all instances. */
    List<DemoView.Instance> instances() {
        Map<String, String> breakers = new HashMap<>();
        snapshots.forEach((instance, snapshot) -> {
            if (instance.condition().alive()) {
                snapshot.status.calls().stream()
                        .flatMap(called -> called.nodes().stream())
                        .forEach(node -> breakers.merge(node.instance(), breaker(node), StatusPoller::worse));
            }
        });
        return shop.instances().stream()
                .map(instance -> new DemoView.Instance(
                        instance.name(),
                        instance.ready().map(ShopInstance.Ready::version).orElse(""),
                        instance.child().pid(),
                        instance.condition(),
                        instance.ready().map(this::health).orElse(""),
                        instance.ready()
                                .map(r -> breakers.getOrDefault(r.instance(), ""))
                                .orElse(""),
                        Optional.ofNullable(snapshots.get(instance))
                                .filter(_ -> instance.condition().alive())
                                .flatMap(Snapshot::load)))
                .toList();
    }

    /** Returns in a word why a client excludes an instance, or else the state of its circuit breaker. */
    private static String breaker(Introspection.NodeStatus node) {
        return node.exclusion().isEmpty()
                ? node.breaker()
                : node.exclusion().replaceFirst("^breaker ", "").replaceFirst(" under way|:.*", "");
    }

    private static String worse(String one, String other) {
        return one.equals("closed") ? other : one;
    }

    /** Returns the health that the registry shows, or nothing if it does not know the instance. */
    private String health(ShopInstance.Ready ready) {
        return caller.registry().instances(new ServiceName(ready.service())).stream()
                .filter(i -> i.id().equals(ready.instance()))
                .findFirst()
                .map(i -> JsonDocuments.word(i.health()))
                .orElse("");
    }
}
