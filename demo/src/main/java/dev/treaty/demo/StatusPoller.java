package dev.treaty.demo;

import dev.treaty.Control;
import dev.treaty.Introspection;
import dev.treaty.Treaty;
import dev.treaty.cli.CommandFailed;
import dev.treaty.cli.output.JsonDocuments;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.event.Side;
import dev.treaty.observe.ServiceMetrics;
import dev.treaty.resilience.IsolationLevel;
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

/**
 * Asks every process of the demo every two seconds how it stands. What a process that was killed had said last still
 * counts; what it counted after that is lost with it.
 */
final class StatusPoller implements Timetable.Hand, Runnable, AutoCloseable {
    /** What the demo calls. */
    static final String STOREFRONT = "shop.Storefront";

    /** How long to wait until the registry has told of every process. */
    private static final Duration DISCOVERY = Duration.ofMinutes(2);

    private static final Duration INTERVAL = Duration.ofSeconds(2);

    /** How often a process is told what to do before it counts as one that cannot be told. */
    private static final int TRIES_MAX = 5;

    /** From best to worst. */
    private static final List<String> BREAKERS = List.of(
            "closed",
            "cold",
            "draining",
            "half_open",
            "half-open",
            "trial under way",
            "open",
            "breaker open",
            "ejected");

    private final Treaty caller;
    private final ShopProcesses fleet;
    private final Map<ShopInstance, Seen> seen = new ConcurrentHashMap<>();
    private final Set<ShopInstance> asked = ConcurrentHashMap.newKeySet();
    private final Map<ShopInstance, Treaty.Direct<Introspection>> clients = new ConcurrentHashMap<>();
    private FabricCounts before = FabricCounts.NONE;

    private record Seen(Introspection.Status status, double rate, long nanos) {
        /** What is seen now, with the rate since then. */
        static Seen after(Seen then, Seen now) {
            double rate = (served(now.status) - served(then.status)) * 1e9 / (now.nanos - then.nanos);
            return new Seen(now.status, rate, now.nanos);
        }
    }

    StatusPoller(Treaty caller, ShopProcesses fleet) {
        this.caller = caller;
        this.fleet = fleet;
    }

    /**
     * Waits until the registry has told of every process, here as everywhere.
     *
     * @throws CommandFailed where it does not
     */
    void awaitDiscovery() throws InterruptedException {
        long end = System.nanoTime() + DISCOVERY.toNanos();
        for (ShopInstance process : fleet.processes()) {
            while (process.ready().map(this::health).orElse("").isEmpty()) {
                if (System.nanoTime() > end) {
                    throw new CommandFailed("the registry does not know " + process.name() + " though it is ready: "
                            + caller.registry().problem().orElse("it says nothing"));
                }
                TimeUnit.MILLISECONDS.sleep(10);
            }
        }
    }

    /** Counts from now on. */
    void begin() {
        look();
        before = sum();
    }

    @Override
    public void run() {
        try {
            while (true) {
                TimeUnit.NANOSECONDS.sleep(INTERVAL.toNanos());
                for (ShopInstance process : fleet.processes()) {
                    // One that is frozen answers late or never; the others are asked all the same.
                    if (process.condition().alive() && asked.add(process)) {
                        Thread.startVirtualThread(() -> {
                            look(process);
                            asked.remove(process);
                        });
                    }
                }
            }
        } catch (InterruptedException e) {
            // the demo is over
        }
    }

    /** Asks every process that is there once more, and waits for the answers. */
    void look() {
        fleet.processes().stream().filter(p -> p.condition().alive()).forEach(this::look);
    }

    private void look(ShopInstance process) {
        process.ready().ifPresent(ready -> {
            var client = clients.computeIfAbsent(
                    process, _ -> caller.direct(Introspection.class, endpoint(ready.address())));
            try {
                seen.merge(process, new Seen(client.client().status(), 0, System.nanoTime()), Seen::after);
            } catch (ServiceException e) {
                // it was killed or is frozen: what it said last stands
            }
        });
    }

    /** Ends the connections to the processes. */
    @Override
    public void close() {
        clients.values().forEach(Treaty.Direct::close);
    }

    private static ServiceEndpoint endpoint(URI address) {
        return new ServiceEndpoint(address.getScheme(), address.getHost(), address.getPort());
    }

    private static long served(Introspection.Status status) {
        return shop(status).map(s -> s.total().requests()).orElse(0L);
    }

    /** What a process of the shop serves, besides chaos. */
    private static Optional<ServiceMetrics> shop(Introspection.Status status) {
        return status.report().server().stream()
                .filter(s -> s.service().value().startsWith("shop.")
                        && !s.service().value().equals("shop.Chaos"))
                .findFirst();
    }

    @Override
    public void delay(ShopInstance process, Duration delay) throws InterruptedException {
        tell(process, ShopChaos.class, chaos -> chaos.delay(delay.toMillis()));
    }

    @Override
    public void level(ShopInstance process, String service, IsolationLevel level) throws InterruptedException {
        tell(process, Control.class, control -> {
            if (!control.level(service, level)) {
                throw new CommandFailed(process.name() + " does not call " + service);
            }
        });
    }

    /** Tells a process what to do, and again where it is too busy to answer: twice does the same as once. */
    private <T> void tell(ShopInstance process, Class<T> contract, Consumer<T> what) throws InterruptedException {
        for (int tries = 1; ; tries++) {
            try (var direct = caller.direct(contract, endpoint(process))) {
                what.accept(direct.client());
                return;
            } catch (ServiceException e) {
                if (Thread.interrupted()) {
                    throw new InterruptedException();
                }
                if (tries == TRIES_MAX) {
                    throw new CommandFailed(process.name() + " cannot be told what to do: " + e.getMessage());
                }
            }
        }
    }

    private static ServiceEndpoint endpoint(ShopInstance process) {
        return endpoint(process.ready()
                .orElseThrow(() -> new IllegalStateException(process.name() + " is not ready"))
                .address());
    }

    /** What all processes counted as callers since it began, the demo itself included. */
    FabricCounts counts() {
        return sum().minus(before);
    }

    private FabricCounts sum() {
        FabricCounts counts = counts(caller.metrics().metrics(Side.CLIENT));
        for (Seen each : seen.values()) {
            counts = counts.plus(counts(each.status.report().client()));
        }
        return counts;
    }

    private static FabricCounts counts(List<ServiceMetrics> called) {
        FabricCounts counts = FabricCounts.NONE;
        for (ServiceMetrics service : called) {
            counts = counts.plus(new FabricCounts(
                    service.total().requests(),
                    service.attempts(),
                    service.retries(),
                    service.fallbacks().values().stream()
                            .mapToLong(Long::longValue)
                            .sum(),
                    service.breakerOpenings() + service.ejections(),
                    service.mirrored()));
        }
        return counts;
    }

    /** Every process, and how it does. */
    List<DemoView.Instance> instances() {
        Map<String, String> breakers = new HashMap<>();
        seen.forEach((process, each) -> {
            if (process.condition().alive()) {
                each.status
                        .calls()
                        .forEach(called -> called.nodes()
                                .forEach(node -> breakers.merge(node.instance(), standing(node), StatusPoller::worse)));
            }
        });
        return fleet.processes().stream().map(p -> instance(p, breakers)).toList();
    }

    /** Why a caller does not use an instance as the others, in a word or two; the state of its breaker otherwise. */
    private static String standing(Introspection.NodeStatus node) {
        return node.exclusion().isEmpty() ? node.breaker() : node.exclusion().replaceFirst(":.*", "");
    }

    private static String worse(String one, String other) {
        return BREAKERS.indexOf(one) >= BREAKERS.indexOf(other) ? one : other;
    }

    private DemoView.Instance instance(ShopInstance process, Map<String, String> breakers) {
        return process.ready()
                .map(ready -> new DemoView.Instance(
                        process,
                        health(ready),
                        breakers.getOrDefault(ready.instance(), ""),
                        Optional.ofNullable(seen.get(process))
                                .filter(_ -> process.condition().alive())
                                .flatMap(StatusPoller::load)))
                .orElseGet(() -> new DemoView.Instance(process, "", "", Optional.empty()));
    }

    /** What the registry says of it; empty where it does not know it. */
    private String health(ShopInstance.Ready ready) {
        return caller.registry().instances(new ServiceName(ready.service())).stream()
                .filter(i -> i.id().equals(ready.instance()))
                .findFirst()
                .map(ServiceInstance::health)
                .map(JsonDocuments::word)
                .orElse("");
    }

    private static Optional<DemoView.Load> load(Seen seen) {
        return shop(seen.status)
                .map(s -> new DemoView.Load(
                        seen.rate, s.minute().p50Millis(), s.minute().p99Millis()));
    }
}
