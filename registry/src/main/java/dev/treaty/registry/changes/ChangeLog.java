package dev.treaty.registry.changes;

import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.DiscoveryEvent;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.time.Promise;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The instances of all services and the sequence of changes that led to them.
 *
 * <p>Every change gets the next revision and stands in a log of fixed length. Whoever follows a service remembers the
 * revision it has seen and {@linkplain #read reads on} from there; one that fell further behind than the log reaches
 * reads the whole set instead. So a slow follower costs nothing, and there is no queue per follower that could fill.
 * Revision 0 is the one of somebody who has seen nothing.
 *
 * <p>Changes happen under one lock, which is never held across a callback or a wait. Looking a service up takes none:
 * what is found is an unchanging {@link InstanceList}.
 */
public final class ChangeLog {
    /** One change and its place in the sequence. */
    public record Change(long revision, DiscoveryEvent event) {
        ServiceName service() {
            return event.instance().service();
        }
    }

    /**
     * What is new for somebody.
     *
     * @param revision from where to read on
     * @param complete the whole sets of those services for which the log does not reach back far enough
     * @param changes the changes of all other services, in order
     */
    public record Reading(long revision, Map<ServiceName, InstanceList> complete, List<Change> changes) {
        public boolean empty() {
            return complete.isEmpty() && changes.isEmpty();
        }
    }

    /**
     * Somebody who waits for the next change of certain services; of any where there are none of them.
     *
     * @param changed kept with the revision up to which nothing has changed for the one who waits: from there to read
     *     on never reaches further back than the log
     */
    public record Waiter(Collection<ServiceName> services, Promise<Long> changed) {}

    /** How many changes the log has room for at first: most programs follow few instances. */
    private static final int LOG_MIN = 64;

    private final ReentrantLock lock;
    private final Map<ServiceName, InstanceList> services = new ConcurrentHashMap<>();
    private final Map<ServiceName, Set<Waiter>> waiters = new HashMap<>();
    private final Set<Waiter> waitersForAny = new LinkedHashSet<>();
    private final int logMax;
    private @Nullable Change[] log;
    private long revision = 1;
    private int size;

    /**
     * An empty catalog.
     *
     * @param lock guards the catalog; its owner may guard more with it
     * @param logMax the most changes that the log keeps; it grows up to that when there are so many
     */
    public ChangeLog(ReentrantLock lock, int logMax) {
        this.lock = lock;
        this.logMax = logMax;
        this.log = new Change[Math.min(logMax, LOG_MIN)];
    }

    /**
     * Adds or replaces an instance. Where it says nothing that was not known, nothing changes.
     *
     * @return the revision of the change, or 0 where there is none
     */
    public long put(ServiceInstance instance, Instant at) {
        lock.lock();
        try {
            InstanceList before = roster(instance.service());
            ServiceInstance known = before.find(instance.id());
            if (known != null && same(known, instance)) {
                return 0;
            }
            services.put(instance.service(), before.with(instance));
            if (known == null) {
                size++;
                append(new DiscoveryEvent.Added(instance, at));
            } else {
                append(new DiscoveryEvent.Updated(instance, known, at));
            }
            return revision;
        } finally {
            lock.unlock();
        }
    }

    /** A health check that finds the same as the last one is no news, though its timestamp is new. */
    public static boolean same(ServiceInstance one, ServiceInstance other) {
        ServiceHealth health = other.health();
        return one.equals(other.withHealth(new ServiceHealth(
                health.status(), health.message(), one.health().timestamp(), health.details())));
    }

    /** Takes an instance out; nothing changes where it is not there. */
    public void remove(ServiceName service, String id, String reason, Instant at) {
        lock.lock();
        try {
            InstanceList before = roster(service);
            ServiceInstance removed = before.find(id);
            if (removed != null) {
                InstanceList rest = before.without(id);
                if (rest.isEmpty()) {
                    services.remove(service);
                } else {
                    services.put(service, rest);
                }
                size--;
                append(new DiscoveryEvent.Removed(removed, reason, at));
            }
        } finally {
            lock.unlock();
        }
    }

    /** Stops knowing about a service: nothing was removed, so nobody is told. */
    public void forget(ServiceName service) {
        lock.lock();
        try {
            InstanceList forgotten = services.remove(service);
            size -= forgotten == null ? 0 : forgotten.size();
        } finally {
            lock.unlock();
        }
    }

    private void append(DiscoveryEvent event) {
        revision++;
        if (log.length < logMax && log[slot(revision)] != null) {
            grow();
        }
        log[slot(revision)] = new Change(revision, event);
        Set<Waiter> interested = waiters.remove(event.instance().service());
        if (interested != null) {
            interested.forEach(waiter -> waiter.changed.complete(revision - 1));
        }
        waitersForAny.forEach(waiter -> waiter.changed.complete(revision - 1));
        waitersForAny.clear();
    }

    private void grow() {
        @Nullable Change[] before = log;
        log = new Change[Math.min(logMax, 2 * before.length)];
        for (Change change : before) {
            if (change != null) {
                log[slot(change.revision)] = change;
            }
        }
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

    public Optional<ServiceInstance> find(ServiceName service, String id) {
        return Optional.ofNullable(roster(service).find(id));
    }

    /** The instances of a service in the order of their ids. */
    public InstanceList roster(ServiceName service) {
        InstanceList roster = services.get(service);
        return roster == null ? InstanceList.EMPTY : roster;
    }

    /** How many services have instances. */
    public int services() {
        return services.size();
    }

    /** The names of the services that have instances. */
    public Set<ServiceName> names() {
        return new TreeSet<>(services.keySet());
    }

    /** How many instances there are of all services together. */
    public int size() {
        lock.lock();
        try {
            return size;
        } finally {
            lock.unlock();
        }
    }

    public long revision() {
        lock.lock();
        try {
            return revision;
        } finally {
            lock.unlock();
        }
    }

    /** What is new in each of these services since the revision beside it. */
    public Reading read(Map<ServiceName, Long> since) {
        lock.lock();
        try {
            var complete = new TreeMap<ServiceName, InstanceList>();
            var following = new HashMap<ServiceName, Long>();
            long oldest = revision;
            for (var entry : since.entrySet()) {
                if (covers(entry.getValue())) {
                    following.put(entry.getKey(), entry.getValue());
                    oldest = Math.min(oldest, entry.getValue());
                } else {
                    complete.put(entry.getKey(), roster(entry.getKey()));
                }
            }
            var changes = new ArrayList<Change>();
            for (Change change : after(oldest)) {
                Long seen = following.get(change.service());
                if (seen != null && change.revision > seen) {
                    changes.add(change);
                }
            }
            return new Reading(revision, complete, changes);
        } finally {
            lock.unlock();
        }
    }

    /**
     * What is new in one service.
     *
     * @param roster the whole set at that revision
     * @param changes what led to it, or null where the log does not reach back far enough
     */
    record ServiceReading(
            long revision, InstanceList roster, @Nullable List<DiscoveryEvent> changes) {}

    /** What is new in that service since then. */
    ServiceReading read(ServiceName service, long since) {
        lock.lock();
        try {
            List<DiscoveryEvent> changes = !covers(since)
                    ? null
                    : after(since).stream()
                            .filter(change -> change.service().equals(service))
                            .map(Change::event)
                            .toList();
            return new ServiceReading(revision, roster(service), changes);
        } finally {
            lock.unlock();
        }
    }

    /** Every change since then, of whatever service; of what the log has lost, nothing. */
    public Reading readAll(long since) {
        lock.lock();
        try {
            return new Reading(revision, Map.of(), after(since));
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
     * A promise of the next change after that revision in one of these services, or in any where none is named; kept
     * already where there has been one. Whoever asks for it {@linkplain #leave leaves} in the end.
     */
    public Waiter await(Collection<ServiceName> interest, long since) {
        var waiter = new Waiter(interest, new Promise<>());
        lock.lock();
        try {
            boolean news = !covers(since)
                    || after(since).stream().anyMatch(c -> interest.isEmpty() || interest.contains(c.service()));
            if (news) {
                waiter.changed.complete(since);
            } else if (interest.isEmpty()) {
                waitersForAny.add(waiter);
            } else {
                interest.forEach(service -> waiters.computeIfAbsent(service, _ -> new LinkedHashSet<>())
                        .add(waiter));
            }
        } finally {
            lock.unlock();
        }
        return waiter;
    }

    /** Stops waiting. */
    public void leave(Waiter waiter) {
        lock.lock();
        try {
            waitersForAny.remove(waiter);
            for (ServiceName service : waiter.services) {
                waiters.computeIfPresent(
                        service, (_, others) -> others.remove(waiter) && others.isEmpty() ? null : others);
            }
        } finally {
            lock.unlock();
        }
    }

    /** Wakes everybody who waits, as if something had changed. */
    public void wake() {
        lock.lock();
        try {
            waitersForAny.forEach(waiter -> waiter.changed.complete(revision));
            waitersForAny.clear();
            waiters.values().forEach(all -> all.forEach(waiter -> waiter.changed.complete(revision)));
            waiters.clear();
        } finally {
            lock.unlock();
        }
    }
}
