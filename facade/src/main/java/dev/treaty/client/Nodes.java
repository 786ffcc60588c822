package dev.treaty.client;

import dev.treaty.balance.BalanceSetup;
import dev.treaty.balance.BalancedInstances;
import dev.treaty.balance.Locality;
import dev.treaty.core.call.Exclusion;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.DiscoveryEvent;
import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.discovery.Subscription;
import dev.treaty.core.event.Event;
import dev.treaty.core.event.RuntimeDependencies;
import dev.treaty.core.time.Promise;
import dev.treaty.core.time.Signal;
import dev.treaty.core.time.Time;
import dev.treaty.resilience.CircuitBreaker;
import dev.treaty.resilience.CircuitBreakerPolicy;
import dev.treaty.resilience.FaultTolerance;
import dev.treaty.resilience.IsolationLevel;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The instances of one service as this client sees them, kept current by discovery. Readers get an immutable list with
 * one read; writers replace it under a lock.
 */
public final class Nodes implements AutoCloseable {
    private static final Subscription CLOSED = () -> {};

    private final ServiceName service;
    private final Supplier<FaultTolerance> tolerance;
    private final ClientRuntime shared;
    private final RuntimeDependencies runtime;
    private final BalancedInstances<Node> balanced;
    private final AtomicBoolean followed = new AtomicBoolean();
    private final AtomicReference<@Nullable Subscription> subscription = new AtomicReference<>();
    private volatile List<Node> list = List.of();
    private volatile boolean deserted = true;
    private volatile boolean closed;
    private final Signal change = new Signal();

    private final ReentrantLock lock = new ReentrantLock();

    /** The lock guards all following fields. */
    private final TreeMap<String, Node> byId = new TreeMap<>();

    private CircuitBreakerPolicy breakerPolicy;

    /** Nodes of a service that is not {@linkplain #follow followed} yet. */
    Nodes(
            ServiceName service,
            Supplier<FaultTolerance> tolerance,
            BalanceSetup setup,
            Locality location,
            ClientRuntime shared) {
        this.service = service;
        this.tolerance = tolerance;
        this.breakerPolicy = tolerance.get().breaker();
        this.shared = shared;
        this.runtime = shared.runtime();
        this.balanced = new BalancedInstances<>(service, setup, location, shared.connectionsMax(), runtime);
        balanced.ejecting(guarded());
    }

    /** Starts to follow discovery; the first call waits a moment for the registry. */
    public void follow() {
        if (followed.get() || !followed.compareAndSet(false, true)) {
            return;
        }
        try {
            Subscription started = shared.discovery().watch(service, this::on);
            if (!subscription.compareAndSet(null, started)) {
                started.close(); // these nodes were closed in the meantime
            }
        } catch (RuntimeException e) {
            followed.set(false); // the next call tries again
            throw e;
        }
    }

    private boolean guarded() {
        return tolerance.get().level().includes(IsolationLevel.ENHANCED);
    }

    /** Applies changed fault tolerance. A breaker whose policy has changed stays as code has forced it. */
    void applyTolerance() {
        lock.lock();
        try {
            CircuitBreakerPolicy now = tolerance.get().breaker();
            if (!now.equals(breakerPolicy)) {
                breakerPolicy = now;
                byId.values().forEach(node -> replaceBreaker(node, now));
                balanced.touch(runtime.time().nanoTime());
            }
        } finally {
            lock.unlock();
        }
        applyLevel();
    }

    private void replaceBreaker(Node node, CircuitBreakerPolicy policy) {
        CircuitBreaker before = node.breaker();
        CircuitBreaker after = before.with(policy);
        node.breaker(after);
        if (after.state() != before.state()) {
            String reason = after.snapshot().reason();
            breakerChanged(
                    node.instance().id(),
                    before.state(),
                    after.state(),
                    reason.isEmpty() ? "its policy has changed" : reason);
        }
    }

    private void breakerChanged(String id, CircuitBreaker.State before, CircuitBreaker.State after, String reason) {
        runtime.events().emit(new Event.BreakerChanged(service, id, before.name(), after.name(), reason));
    }

    /**
     * Instances are ejected only if breakers are in force: a client without a guard calls all of them. The last of
     * concurrent changes is in force in the end.
     */
    private void applyLevel() {
        boolean guards;
        do {
            guards = guarded();
            balanced.ejecting(guards);
        } while (guarded() != guards);
    }

    public BalancedInstances<Node> balanced() {
        return balanced;
    }

    /** All nodes, in the order of their ids: the same list until discovery reports a change. */
    public List<Node> list() {
        return list;
    }

    /** Why instances get no calls or fewer than others, by their ids; without those that get their share. */
    public Map<String, String> exclusions() {
        return balanced.all(runtime.time().nanoTime()).exclusions().stream()
                .collect(Collectors.toMap(Exclusion::instance, Exclusion::why));
    }

    /** Returns true if there is no node, or all are draining. */
    boolean deserted() {
        return deserted;
    }

    boolean closed() {
        return closed;
    }

    /** Waits for a node that is not draining, or until this is closed, at most that long. */
    void awaitInstance(long nanos) throws InterruptedException {
        Time time = runtime.time();
        long end = time.nanoTime() + nanos;
        for (long left = nanos; left > 0; left = end - time.nanoTime()) {
            Promise<Boolean> next = change.next(); // before the check, so that no change is missed
            if (!deserted || closed) {
                return;
            }
            next.await(time, left);
        }
    }

    private void on(DiscoveryEvent event) {
        Node replaced;
        lock.lock();
        try {
            if (closed) {
                return;
            }
            replaced = switch (event) {
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
            balanced.members(this::list);
        } finally {
            if (replaced != null) {
                replaced.close();
            }
        }
        signalChange(); // last: a waiting call finds the instance among the balanced ones
    }

    private void signalChange() {
        lock.lock();
        try {
            deserted = list.stream().allMatch(node -> node.instance().health().status() == Status.DRAINING);
        } finally {
            lock.unlock();
        }
        change.raise();
    }

    /** Adds or updates an instance; returns the node that it replaces, if its endpoint has changed. */
    private @Nullable Node put(ServiceInstance updated) {
        Node known = byId.get(updated.id());
        if (known != null && known.instance().endpoint().equals(updated.endpoint())) {
            known.update(updated);
            return null;
        }
        return byId.put(
                updated.id(),
                new Node(
                        updated,
                        shared.transport().connect(updated.endpoint(), service),
                        breaker(updated.id()),
                        balanced.load(),
                        this::guarded,
                        runtime));
    }

    private CircuitBreaker breaker(String instance) {
        var made = new CircuitBreaker(breakerPolicy, runtime.time(), runtime.random(), (before, after, reason) -> {
            balanced.touch(runtime.time().nanoTime());
            breakerChanged(instance, before, after, reason);
        });
        if (made.forcedOpen()) {
            breakerChanged(
                    instance,
                    CircuitBreaker.State.CLOSED,
                    made.state(),
                    made.snapshot().reason());
        }
        return made;
    }

    @Override
    public void close() {
        Subscription started = subscription.getAndSet(CLOSED);
        List<Node> nodes;
        lock.lock();
        try {
            closed = true;
            nodes = List.copyOf(byId.values());
            byId.clear();
            list = List.of();
        } finally {
            lock.unlock();
        }
        signalChange();
        if (started != null) {
            started.close();
        }
        try {
            balanced.members(this::list);
        } finally {
            nodes.forEach(Node::close);
        }
    }
}
