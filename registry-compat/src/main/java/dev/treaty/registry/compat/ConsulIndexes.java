package dev.treaty.registry.compat;

import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.ServiceDiscovery;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.discovery.Subscription;
import dev.treaty.core.time.Promise;
import dev.treaty.core.time.Time;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;

/**
 * The indexes of blocking queries. An index is a number that grows with each change that a query has seen, and it
 * belongs to the content of one answer: the same content has the same index. Numbers begin with the time of the start,
 * in microseconds, so that they do not repeat after a restart. A service that has no instance costs nothing: the index
 * of its empty answer is that of the last service that lost its last instance.
 */
final class ConsulIndexes {
    /** How often a blocked query reads what registries do not push. */
    private static final long POLL_NANOS = Duration.ofMillis(500).toNanos();

    private final ServiceDiscovery discovery;
    private final Time time;

    /** The services that have had instances when a query read them. */
    private final Map<ServiceName, Service> services = new HashMap<>();

    private long last;
    private long emptied;
    private Indexed<Map<String, List<String>>> tags = new Indexed<>(0, Map.of());
    private long readAtNanos;
    private boolean read;

    /** What a query answers, and its index. */
    record Indexed<T>(long index, T content) {}

    private record Service(long index, List<ServiceInstance> instances, List<String> tags) {}

    /** @param first greater than every index before a restart */
    ConsulIndexes(ServiceDiscovery discovery, Time time, long first) {
        this.discovery = discovery;
        this.time = time;
        this.last = first;
        this.emptied = first;
    }

    /** Returns the least index of a run that begins now. */
    static long first(Instant now) {
        return now.getEpochSecond() * 1_000_000 + now.getNano() / 1_000;
    }

    /** Returns the instances of a service. */
    synchronized Indexed<List<ServiceInstance>> service(ServiceName name) {
        List<ServiceInstance> instances = discovery.instances(name);
        if (instances.isEmpty()) {
            if (services.remove(name) != null) {
                emptied = ++last;
            }
            return new Indexed<>(emptied, List.of());
        }
        Service known = read(name, instances);
        return new Indexed<>(known.index, known.instances);
    }

    private Service read(ServiceName name, List<ServiceInstance> instances) {
        Service known = services.get(name);
        if (known == null || !same(known.instances, instances)) {
            known = new Service(
                    ++last,
                    instances,
                    instances.stream()
                            .flatMap(instance -> ConsulJson.tags(instance).stream())
                            .distinct()
                            .sorted()
                            .toList());
            services.put(name, known);
        }
        return known;
    }

    /** Returns whether two lists are shown in the same way: without the times of reports. */
    @SuppressWarnings("ReferenceEquality") // lists do not change, and most are the same
    private static boolean same(List<ServiceInstance> before, List<ServiceInstance> after) {
        if (before == after) {
            return true;
        }
        boolean same = before.size() == after.size();
        for (int i = 0; same && i < before.size(); i++) {
            same = before.get(i).equals(after.get(i)) || timeless(before.get(i)).equals(timeless(after.get(i)));
        }
        return same;
    }

    private static ServiceInstance timeless(ServiceInstance instance) {
        ServiceHealth health = instance.health();
        return instance.withHealth(health.withTimestamp(Instant.EPOCH));
    }

    /** Reads all services, at most twice a second for queries that wait. */
    private void readAll(boolean waiting) {
        long now = time.nanoTime();
        if (waiting && read && now - readAtNanos < POLL_NANOS) {
            return;
        }
        read = true;
        readAtNanos = now;
        var all = new TreeMap<String, List<String>>(); // a service without instances has a contract
        for (ServiceName name : discovery.services()) {
            List<ServiceInstance> instances = discovery.instances(name);
            all.put(name.value(), instances.isEmpty() ? List.of() : read(name, instances).tags);
        }
        if (services.keySet().removeIf(name -> discovery.instances(name).isEmpty())) {
            emptied = ++last;
        }
        if (!all.equals(tags.content) || tags.index == 0) {
            tags = new Indexed<>(++last, all);
        }
    }

    /** Returns the names of all services with their tags. */
    synchronized Indexed<Map<String, List<String>>> tags(boolean waiting) {
        readAll(waiting);
        return tags;
    }

    /** Returns all instances, in the order of their services. */
    synchronized Indexed<List<ServiceInstance>> all(boolean waiting) {
        readAll(waiting);
        long index = emptied;
        var all = new ArrayList<ServiceInstance>();
        for (Service service : new TreeMap<>(services).values()) {
            index = Math.max(index, service.index);
            all.addAll(service.instances);
        }
        return new Indexed<>(index, List.copyOf(all));
    }

    /** A query; it may be answered from what another one has just read if it waits. */
    @FunctionalInterface
    interface Query<T> {
        Indexed<T> answer(boolean waiting);
    }

    /** Returns the answer of a query when its index is another one than that, or when the time ends. */
    <T> Indexed<T> await(Query<T> query, Iterable<ServiceName> pushed, long known, long nanos)
            throws InterruptedException {
        long end = time.nanoTime() + nanos;
        var next = new AtomicReference<>(new Promise<Boolean>());
        var watches = new ArrayList<Subscription>();
        try {
            for (ServiceName name : pushed) {
                if (!discovery.instances(name).isEmpty()) {
                    watches.add(discovery.watch(name, _ -> next.get().complete(true)));
                }
            }
            while (true) {
                var change = new Promise<Boolean>();
                next.set(change);
                Indexed<T> answer = query.answer(true);
                long left = end - time.nanoTime();
                if (answer.index != known || left <= 0) {
                    return answer;
                }
                change.await(time, Math.min(left, POLL_NANOS));
            }
        } finally {
            watches.forEach(Subscription::close);
        }
    }
}
