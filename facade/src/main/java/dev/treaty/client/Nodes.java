package dev.treaty.client;

import dev.treaty.balance.BalancePolicy;
import dev.treaty.balance.BalancedInstances;
import dev.treaty.balance.RoutingPolicy;
import dev.treaty.core.call.Exclusion;
import dev.treaty.core.call.Transport;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.DiscoveryEvent;
import dev.treaty.core.discovery.ServiceDiscovery;
import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.discovery.Subscription;
import dev.treaty.core.event.Event;
import dev.treaty.core.event.Events;
import dev.treaty.core.time.Promise;
import dev.treaty.core.time.Time;
import dev.treaty.resilience.CircuitBreaker;
import dev.treaty.resilience.CircuitBreakerPolicy;
import dev.treaty.resilience.FaultTolerance;
import dev.treaty.resilience.IsolationLevel;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The instances of one service as this client sees them, kept current by discovery. Readers get an unchanging list with
 * one read; writers replace it under a lock.
 */
public final class Nodes implements AutoCloseable {
    private final ServiceName service;
    private final Supplier<FaultTolerance> tolerance;
    private final Transport transport;
    private final Time time;
    private final RandomGenerator random;
    private final Events events;
    private final BalancedInstances fleet;
    private final ReentrantLock lock = new ReentrantLock();
    private final TreeMap<String, Node> byId = new TreeMap<>();
    private volatile BalancePolicy policy; // as wanted, whatever the level
    private volatile RoutingPolicy routing;
    private CircuitBreakerPolicy guarding; // guarded by the lock
    private volatile List<Node> list = List.of();
    private volatile boolean deserted = true;
    private volatile Promise<Boolean> change = new Promise<>();
    private final ServiceDiscovery discovery;
    private final AtomicBoolean followed = new AtomicBoolean();
    private @Nullable Subscription subscription; // guarded by the lock, as is the next
    private boolean closed;

    /** Nodes of a service that nobody {@linkplain #follow follows} yet. */
    Nodes(
            ServiceName service,
            Supplier<FaultTolerance> tolerance,
            BalancingSetup balancing,
            ServiceDiscovery discovery,
            Transport transport,
            Time time,
            RandomGenerator random,
            Events events) {
        this.service = service;
        this.tolerance = tolerance;
        this.policy = balancing.policy();
        this.routing = balancing.routing();
        this.guarding = tolerance.get().breaker();
        this.transport = transport;
        this.time = time;
        this.random = random;
        this.events = events;
        this.fleet = new BalancedInstances(
                service, inForce(policy), routing, balancing.place(), balancing.connectionsMax(), time, random, events);
        this.discovery = discovery;
    }

    /** Has them kept current from now on; the first time it waits a moment for the registry. */
    public void follow() {
        if (followed.get() || !followed.compareAndSet(false, true)) {
            return;
        }
        Subscription begun;
        try {
            begun = discovery.watch(service, this::on);
        } catch (RuntimeException e) {
            followed.set(false); // whoever calls next tries it again
            throw e;
        }
        boolean late;
        lock.lock();
        try {
            late = closed;
            subscription = begun;
        } finally {
            lock.unlock();
        }
        if (late) {
            begun.close();
        }
    }

    /** Instances are left out only where breakers are in force: what is not guarded is called as it is. */
    private BalancePolicy inForce(BalancePolicy wanted) {
        return guarded() ? wanted : wanted.ejection(wanted.ejection().enabled(false));
    }

    private boolean guarded() {
        return tolerance.get().level().includes(IsolationLevel.ENHANCED);
    }

    /** Balances otherwise from the next call on; the nodes stay. */
    void reconfigure(BalancePolicy changed, RoutingPolicy rules) {
        policy = changed;
        routing = rules;
        fleet.reconfigure(inForce(changed), rules);
    }

    /** Guards and leaves out as the tolerance now has it. Breakers begin anew where their policy is another one. */
    void reguard() {
        lock.lock();
        try {
            CircuitBreakerPolicy now = tolerance.get().breaker();
            if (!now.equals(guarding)) {
                guarding = now;
                byId.values()
                        .forEach(node -> node.breaker(breaker(node.instance().id())));
            }
        } finally {
            lock.unlock();
        }
        fleet.reconfigure(inForce(policy), routing);
    }

    public BalancedInstances fleet() {
        return fleet;
    }

    /** All nodes, in the order of their ids. */
    public List<Node> list() {
        return list;
    }

    /** Why instances get no calls or fewer than others, by their ids; those that get their share are not told of. */
    public Map<String, String> exclusions() {
        return fleet.all(time.nanoTime()).exclusions().stream()
                .collect(Collectors.toMap(Exclusion::instance, Exclusion::why));
    }

    /** Whether there is none, or none but those that are leaving. */
    boolean deserted() {
        return deserted;
    }

    /** Waits until there is one that is not leaving, at most that long. */
    void awaitSomebody(long nanos) throws InterruptedException {
        long end = time.nanoTime() + nanos;
        for (long left = nanos; left > 0; left = end - time.nanoTime()) {
            Promise<Boolean> next = change; // before the question, so that no change is missed
            if (!deserted) {
                return;
            }
            next.await(time, left);
        }
    }

    private void on(DiscoveryEvent event) {
        Node gone;
        lock.lock();
        try {
            if (closed) {
                return;
            }
            gone = switch (event) {
                case DiscoveryEvent.Added added -> put(added.instance());
                case DiscoveryEvent.Updated updated -> put(updated.instance());
                case DiscoveryEvent.Removed removed ->
                    byId.remove(removed.instance().id());
            };
            list = List.copyOf(byId.values());
        } finally {
            lock.unlock();
        }
        try {
            fleet.members(this::list);
        } finally {
            if (gone != null) {
                gone.close();
            }
        }
        changed(); // last: whoever waited for somebody finds them in the fleet
    }

    private void changed() {
        Promise<Boolean> waited;
        lock.lock();
        try {
            deserted = list.stream().allMatch(node -> node.instance().health().status() == Status.DRAINING);
            waited = change;
            change = new Promise<>();
        } finally {
            lock.unlock();
        }
        waited.complete(true);
    }

    /** Takes in news of an instance; gives back the node it replaces, where the instance has moved. */
    private @Nullable Node put(ServiceInstance news) {
        Node known = byId.get(news.id());
        if (known != null && known.instance().endpoint().equals(news.endpoint())) {
            known.update(news);
            return null;
        }
        return byId.put(news.id(), node(news));
    }

    private Node node(ServiceInstance instance) {
        return new Node(
                instance,
                transport.connect(instance.endpoint()),
                breaker(instance.id()),
                fleet.load(),
                this::guarded,
                time,
                events);
    }

    private CircuitBreaker breaker(String instance) {
        return new CircuitBreaker(guarding, time, random, (before, after, reason) -> {
            fleet.touch(time.nanoTime());
            events.emit(new Event.BreakerChanged(service, instance, before.name(), after.name(), reason));
        });
    }

    @Override
    public void close() {
        Subscription begun;
        List<Node> nodes;
        lock.lock();
        try {
            closed = true; // news that are on their way come to nothing
            begun = subscription;
            nodes = new ArrayList<>(byId.values());
            byId.clear();
            list = List.of();
            deserted = true;
        } finally {
            lock.unlock();
        }
        if (begun != null) {
            begun.close();
        }
        try {
            fleet.members(this::list);
        } finally {
            nodes.forEach(Node::close);
        }
    }
}
