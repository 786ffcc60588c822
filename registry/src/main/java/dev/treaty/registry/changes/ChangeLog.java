package dev.treaty.registry.changes;

import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.DiscoveryEvent;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.time.Promise;
import dev.treaty.core.time.Time;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The instances of all services, and the sequence of changes that led to them.
 *
 * <p>Every change gets the next revision and is kept in a log of limited length. A watcher remembers the revision that
 * it has seen and {@linkplain #read continues} from there; if the log no longer reaches back to it, the watcher gets
 * all instances instead. So a slow watcher costs nothing, and no queue per watcher can fill. Revision 0 means that
 * nothing was seen.
 *
 * <p>The monitor is never held across a callback or a wait. Looking up a service takes no lock: the result is an
 * immutable {@link InstanceList}.
 */
public final class ChangeLog {
    /** The longest log that a registry or a client keeps unless its limits say otherwise. */
    public static final int LENGTH_MAX = 4_096;

    /** The most characters of health and metadata that the changes in a log have. */
    static final long CHARACTERS_MAX = 1 << 23;

    private final Map<ServiceName, InstanceList> services = new ConcurrentHashMap<>();
    private final Map<ServiceName, Set<Promise<Long>>> waiting = new HashMap<>();
    private final Set<Promise<Long>> waitingForAny = new LinkedHashSet<>();
    private final int lengthMax;
    private final Deque<Change> log = new ArrayDeque<>(); // the last changes, without gaps
    private long revision = 1;
    private long characters;

    /** @param lengthMax the most changes that the log keeps; its memory grows up to that as needed */
    public ChangeLog(int lengthMax) {
        this.lengthMax = lengthMax;
    }

    /** A change and its revision. */
    public record Change(long revision, DiscoveryEvent event) {
        ServiceName service() {
            return event.instance().service();
        }
    }

    /** Returns the characters of what may be long in an instance. */
    public static long characters(ServiceInstance instance) {
        long characters = instance.health().length();
        for (var entry : instance.metadata().entrySet()) {
            characters += entry.getKey().length() + entry.getValue().length();
        }
        return characters;
    }

    /**
     * What has changed since certain revisions.
     *
     * @param revision revision to continue from
     * @param complete all instances of each service for which the log does not reach back far enough
     * @param changes changes of all other services, in order
     */
    public record Reading(long revision, Map<ServiceName, InstanceList> complete, List<Change> changes) {
        public boolean isEmpty() {
            return complete.isEmpty() && changes.isEmpty();
        }
    }

    /**
     * What has changed in one service.
     *
     * @param instances all instances at that revision
     * @param events the events that led to them, or null if the log does not reach back far enough
     */
    record ServiceReading(
            long revision, InstanceList instances, @Nullable List<DiscoveryEvent> events) {}

    /**
     * Adds or replaces an instance, unless it is {@linkplain #same the same} as before.
     *
     * @return revision of the change, or 0 if nothing changed
     */
    public synchronized long put(ServiceInstance instance, Instant at) {
        InstanceList before = instances(instance.service());
        ServiceInstance known = before.find(instance.id());
        if (known != null && same(known, instance)) {
            return 0;
        }
        services.put(instance.service(), before.with(instance));
        append(
                known == null
                        ? new DiscoveryEvent.Added(instance, at)
                        : new DiscoveryEvent.Updated(instance, known, at));
        return revision;
    }

    /** Whether two instances differ in nothing but the time at which their health was determined. */
    public static boolean same(ServiceInstance one, ServiceInstance other) {
        return one.equals(
                other.withHealth(other.health().withTimestamp(one.health().timestamp())));
    }

    /** Removes an instance, if there is one. */
    public synchronized void remove(ServiceName service, String id, String reason, Instant at) {
        InstanceList before = instances(service);
        ServiceInstance removed = before.find(id);
        if (removed != null) {
            InstanceList rest = before.without(id);
            services.compute(service, (_, _) -> rest.isEmpty() ? null : rest);
            append(new DiscoveryEvent.Removed(removed, reason, at));
        }
    }

    /**
     * Drops the instances of a service without a change: they were not removed, the service is not watched any more.
     */
    public synchronized void forget(ServiceName service) {
        services.remove(service);
    }

    private void append(DiscoveryEvent event) {
        revision++;
        log.addLast(new Change(revision, event));
        characters += characters(event.instance());
        while (log.size() > lengthMax || (characters > CHARACTERS_MAX && log.size() > 1)) {
            characters -= characters(log.removeFirst().event().instance());
        }
        Set<Promise<Long>> interested = waiting.remove(event.instance().service());
        if (interested != null) {
            interested.forEach(changed -> changed.complete(revision - 1));
        }
        waitingForAny.forEach(changed -> changed.complete(revision - 1));
        waitingForAny.clear();
    }

    private boolean covers(long since) {
        return since > 0 && since <= revision && since >= revision - log.size();
    }

    public Optional<ServiceInstance> find(ServiceName service, String id) {
        return Optional.ofNullable(instances(service).find(id));
    }

    /** Returns the instances of a service in the order of their ids. */
    public InstanceList instances(ServiceName service) {
        return services.getOrDefault(service, InstanceList.EMPTY);
    }

    /** Returns the names of the services that have instances. */
    public Set<ServiceName> services() {
        return new TreeSet<>(services.keySet());
    }

    public int serviceCount() {
        return services.size();
    }

    public int instanceCount() {
        return services.values().stream().mapToInt(List::size).sum();
    }

    public synchronized long revision() {
        return revision;
    }

    /** Returns what has changed in each of these services since the revision beside it. */
    public synchronized Reading read(Map<ServiceName, Long> since) {
        var complete = new TreeMap<ServiceName, InstanceList>();
        long oldest = revision;
        for (var entry : since.entrySet()) {
            if (covers(entry.getValue())) {
                oldest = Math.min(oldest, entry.getValue());
            } else {
                complete.put(entry.getKey(), instances(entry.getKey()));
            }
        }
        List<Change> changes = after(oldest).stream()
                .filter(change -> !complete.containsKey(change.service()))
                .filter(change -> change.revision > since.getOrDefault(change.service(), Long.MAX_VALUE))
                .toList();
        return new Reading(revision, complete, changes);
    }

    /** Returns what has changed in one service since a revision. */
    synchronized ServiceReading read(ServiceName service, long since) {
        List<DiscoveryEvent> events = !covers(since)
                ? null
                : after(since).stream()
                        .filter(change -> change.service().equals(service))
                        .map(Change::event)
                        .toList();
        return new ServiceReading(revision, instances(service), events);
    }

    /** Returns all changes of any service since a revision, as far as the log still has them. */
    public synchronized Reading readAll(long since) {
        return new Reading(revision, Map.of(), after(since));
    }

    private List<Change> after(long since) {
        return log.reversed().stream()
                .takeWhile(change -> change.revision > since)
                .toList()
                .reversed();
    }

    /** Waits for changes, one wait at a time, until it is closed. */
    public final class Waiter implements AutoCloseable {
        private volatile Promise<Long> changed = new Promise<>();
        private volatile boolean closed;

        /**
         * Waits for the first change after a revision in certain services, or in any service if none is named.
         *
         * @return the revision to continue from: nothing has changed up to it for this waiter
         */
        public long await(Collection<ServiceName> interest, long since, Time time, long nanos)
                throws InterruptedException {
            Promise<Long> next = enlist(interest, since);
            changed = next;
            try {
                // read after the promise is set, so that a close at the same time either is seen or completes it
                Long unchanged = closed ? null : next.await(time, nanos);
                return unchanged == null ? since : Math.max(since, unchanged);
            } finally {
                leave(interest, next);
            }
        }

        /** Ends the current wait and lets every later one return immediately. */
        @Override
        public void close() {
            closed = true;
            changed.complete(0L);
        }

        public boolean isClosed() {
            return closed;
        }
    }

    /** Returns a promise that the next such change completes with the revision before it. */
    synchronized Promise<Long> enlist(Collection<ServiceName> interest, long since) {
        var changed = new Promise<Long>();
        boolean already = !covers(since)
                || after(since).stream().anyMatch(c -> interest.isEmpty() || interest.contains(c.service()));
        if (already) {
            changed.complete(since);
        } else if (interest.isEmpty()) {
            waitingForAny.add(changed);
        } else {
            interest.forEach(service ->
                    waiting.computeIfAbsent(service, _ -> new LinkedHashSet<>()).add(changed));
        }
        return changed;
    }

    synchronized void leave(Collection<ServiceName> interest, Promise<Long> changed) {
        waitingForAny.remove(changed);
        for (ServiceName service : interest) {
            waiting.computeIfPresent(
                    service, (_, others) -> others.remove(changed) && others.isEmpty() ? null : others);
        }
    }
}
