package dev.treaty.registry;

import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.DiscoveryEvent;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.time.Promise;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The instances of all services and the sequence of changes that led to them.
 *
 * <p>Every change gets the next revision and stands in a log of fixed length. Whoever follows a service remembers the
 * revision it has seen and {@linkplain #read reads on} from there; one that fell further behind than the log reaches
 * reads the whole set instead. So a slow follower costs nothing, and there is no queue per follower that could fill.
 * Revision 0 is the one of somebody who has seen nothing.
 *
 * <p>Everything happens under one lock, which is never held across a callback or a wait.
 */
final class Catalog {
    /** One change and its place in the sequence. */
    private record Change(long revision, DiscoveryEvent event) {}

    /**
     * What is new for somebody.
     *
     * @param revision from where to read on
     * @param complete the whole sets of those services for which the log does not reach back far enough
     * @param changes the changes of all other services, in order
     */
    record Reading(long revision, Map<ServiceName, List<ServiceInstance>> complete, List<DiscoveryEvent> changes) {
        boolean empty() {
            return complete.isEmpty() && changes.isEmpty();
        }
    }

    /** Somebody who waits for the next change of certain services. */
    record Waiter(Predicate<ServiceName> interest, Promise<Boolean> changed) {}

    private final ReentrantLock lock;
    private final TreeMap<ServiceName, TreeMap<String, ServiceInstance>> services = new TreeMap<>();
    private final Set<Waiter> waiters = new LinkedHashSet<>();
    private final @Nullable Change[] log;
    private long revision = 1;

    /** @param lock guards the catalog; its owner may guard more with it */
    Catalog(ReentrantLock lock, int logLength) {
        this.lock = lock;
        this.log = new Change[logLength];
    }

    /** Adds or replaces an instance. Where it says nothing that was not known, nothing changes. */
    void put(ServiceInstance instance, Instant at) {
        lock.lock();
        try {
            var before = services.computeIfAbsent(instance.service(), _ -> new TreeMap<>());
            ServiceInstance known = before.get(instance.id());
            if (known != null && same(known, instance)) {
                return;
            }
            before.put(instance.id(), instance);
            append(
                    known == null
                            ? new DiscoveryEvent.Added(instance, at)
                            : new DiscoveryEvent.Updated(instance, known, at));
        } finally {
            lock.unlock();
        }
    }

    /** A health check that finds the same as the last one is no news, though its timestamp is new. */
    static boolean same(ServiceInstance one, ServiceInstance other) {
        ServiceHealth health = other.health();
        return one.equals(other.withHealth(new ServiceHealth(
                health.status(), health.message(), one.health().timestamp(), health.details())));
    }

    /** Takes an instance out; nothing changes where it is not there. */
    void remove(ServiceName service, String id, String reason, Instant at) {
        lock.lock();
        try {
            var instances = services.get(service);
            if (instances == null) {
                return;
            }
            ServiceInstance removed = instances.remove(id);
            if (removed != null) {
                if (instances.isEmpty()) {
                    services.remove(service);
                }
                append(new DiscoveryEvent.Removed(removed, reason, at));
            }
        } finally {
            lock.unlock();
        }
    }

    /** Stops knowing about a service: nothing was removed, so nobody is told. */
    void forget(ServiceName service) {
        lock.lock();
        try {
            services.remove(service);
        } finally {
            lock.unlock();
        }
    }

    private void append(DiscoveryEvent event) {
        revision++;
        log[slot(revision)] = new Change(revision, event);
        ServiceName service = event.instance().service();
        waiters.removeIf(waiter -> waiter.interest.test(service) && waiter.changed.complete(true));
    }

    private int slot(long number) {
        return (int) (number % log.length);
    }

    /** The change of that revision, or null where the log has lost it. */
    private @Nullable Change change(long number) {
        Change change = log[slot(number)];
        return change != null && change.revision == number ? change : null;
    }

    private boolean covers(long since) {
        return since > 0 && since <= revision && (since == revision || change(since + 1) != null);
    }

    Optional<ServiceInstance> find(ServiceName service, String id) {
        lock.lock();
        try {
            var instances = services.get(service);
            return instances == null ? Optional.empty() : Optional.ofNullable(instances.get(id));
        } finally {
            lock.unlock();
        }
    }

    /** The instances of a service in the order of their ids. */
    List<ServiceInstance> instances(ServiceName service) {
        lock.lock();
        try {
            var instances = services.get(service);
            return instances == null ? List.of() : List.copyOf(instances.values());
        } finally {
            lock.unlock();
        }
    }

    /** The services that have instances. */
    Set<ServiceName> services() {
        lock.lock();
        try {
            return new TreeSet<>(services.keySet());
        } finally {
            lock.unlock();
        }
    }

    long revision() {
        lock.lock();
        try {
            return revision;
        } finally {
            lock.unlock();
        }
    }

    /** What is new in each of these services since the revision beside it. */
    Reading read(Map<ServiceName, Long> since) {
        lock.lock();
        try {
            var complete = new TreeMap<ServiceName, List<ServiceInstance>>();
            var following = new TreeMap<ServiceName, Long>();
            long oldest = revision;
            for (var entry : since.entrySet()) {
                if (covers(entry.getValue())) {
                    following.put(entry.getKey(), entry.getValue());
                    oldest = Math.min(oldest, entry.getValue());
                } else {
                    complete.put(entry.getKey(), instances(entry.getKey()));
                }
            }
            var changes = new ArrayList<DiscoveryEvent>();
            for (Change change : after(oldest)) {
                Long seen = following.get(change.event.instance().service());
                if (seen != null && change.revision > seen) {
                    changes.add(change.event);
                }
            }
            return new Reading(revision, complete, changes);
        } finally {
            lock.unlock();
        }
    }

    /** Every change since then, of whatever service; of what the log has lost, nothing. */
    Reading readAll(long since) {
        lock.lock();
        try {
            return new Reading(
                    revision, Map.of(), after(since).stream().map(Change::event).toList());
        } finally {
            lock.unlock();
        }
    }

    private List<Change> after(long since) {
        var changes = new ArrayList<Change>();
        for (long number = Math.max(since + 1, revision - log.length + 1); number <= revision; number++) {
            Change change = change(number);
            if (change != null) {
                changes.add(change);
            }
        }
        return changes;
    }

    /**
     * A promise of the next change after that revision in a service of interest; kept already where there has been
     * one. Whoever asks for it {@linkplain #leave leaves} in the end.
     */
    Waiter await(Predicate<ServiceName> interest, long since) {
        var waiter = new Waiter(interest, new Promise<>());
        lock.lock();
        try {
            if (!covers(since)
                    || after(since).stream()
                            .anyMatch(c -> interest.test(c.event.instance().service()))) {
                waiter.changed.complete(true);
            } else {
                waiters.add(waiter);
            }
        } finally {
            lock.unlock();
        }
        return waiter;
    }

    /** Stops waiting. */
    void leave(Waiter waiter) {
        lock.lock();
        try {
            waiters.remove(waiter);
        } finally {
            lock.unlock();
        }
    }

    /** Wakes everybody who waits, as if something had changed. */
    void wake() {
        lock.lock();
        try {
            waiters.forEach(waiter -> waiter.changed.complete(true));
            waiters.clear();
        } finally {
            lock.unlock();
        }
    }
}
