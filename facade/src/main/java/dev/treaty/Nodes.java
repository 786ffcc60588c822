package dev.treaty;

import dev.treaty.balance.Candidates;
import dev.treaty.core.call.Transport;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.DiscoveryEvent;
import dev.treaty.core.discovery.ServiceDiscovery;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.discovery.Subscription;
import dev.treaty.core.event.Event;
import dev.treaty.core.event.Events;
import dev.treaty.core.time.Promise;
import dev.treaty.core.time.Time;
import dev.treaty.resilience.CircuitBreaker;
import dev.treaty.resilience.FaultTolerance;
import dev.treaty.resilience.IsolationLevel;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The instances of one service as this client sees them, kept current by discovery. Readers get an unchanging snapshot
 * with one read; writers replace it under a lock.
 */
final class Nodes implements AutoCloseable {
    /** One unchanging set of nodes, in the order of their ids. */
    record Snapshot(List<Node> nodes) implements Candidates {
        @Override
        public int size() {
            return nodes.size();
        }

        @Override
        public String id(int index) {
            return nodes.get(index).instance().id();
        }

        @Override
        public boolean available(int index) {
            return nodes.get(index).available();
        }

        @Override
        public int inFlight(int index) {
            return nodes.get(index).inFlight();
        }
    }

    private final ServiceName service;
    private final Supplier<FaultTolerance> tolerance;
    private final Transport transport;
    private final Time time;
    private final RandomGenerator random;
    private final Events events;
    private final ReentrantLock lock = new ReentrantLock();
    private final TreeMap<String, Node> byId = new TreeMap<>();
    private volatile Snapshot snapshot = new Snapshot(List.of());
    private volatile Promise<Boolean> change = new Promise<>();
    private final Subscription subscription;

    Nodes(
            ServiceName service,
            Supplier<FaultTolerance> tolerance,
            ServiceDiscovery discovery,
            Transport transport,
            Time time,
            RandomGenerator random,
            Events events) {
        this.service = service;
        this.tolerance = tolerance;
        this.transport = transport;
        this.time = time;
        this.random = random;
        this.events = events;
        this.subscription = discovery.watch(service, this::on);
    }

    Snapshot snapshot() {
        return snapshot;
    }

    /** Waits until the set of nodes or the health of one changes, at most that long. */
    void awaitChange(Snapshot seen, long nanos) throws InterruptedException {
        Promise<Boolean> next = change;
        if (seen.equals(snapshot)) {
            next.await(time, nanos);
        }
    }

    private void on(DiscoveryEvent event) {
        Node gone;
        lock.lock();
        try {
            gone = switch (event) {
                case DiscoveryEvent.Added added -> put(added.instance());
                case DiscoveryEvent.Updated updated -> put(updated.instance());
                case DiscoveryEvent.Removed removed ->
                    byId.remove(removed.instance().id());
            };
            // The snapshot first: whoever sees the new promise must not see the old set.
            snapshot = new Snapshot(List.copyOf(byId.values()));
            Promise<Boolean> waited = change;
            change = new Promise<>();
            waited.complete(true);
        } finally {
            lock.unlock();
        }
        if (gone != null) {
            gone.close();
        }
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
        var breaker = new CircuitBreaker(
                tolerance.get().breaker(),
                time,
                random,
                (before, after, reason) -> events.emit(
                        new Event.BreakerChanged(service, instance.id(), before.name(), after.name(), reason)));
        BooleanSupplier guarded = () -> tolerance.get().level().includes(IsolationLevel.ENHANCED);
        return new Node(instance, transport.connect(instance.endpoint()), breaker, guarded, time, events);
    }

    @Override
    public void close() {
        subscription.close();
        List<Node> nodes;
        lock.lock();
        try {
            nodes = new ArrayList<>(byId.values());
            byId.clear();
            snapshot = new Snapshot(List.of());
        } finally {
            lock.unlock();
        }
        nodes.forEach(Node::close);
    }
}
