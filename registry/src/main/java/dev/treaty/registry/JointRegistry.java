package dev.treaty.registry;

import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.DiscoveryEvent;
import dev.treaty.core.discovery.Registry;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.discovery.Subscription;
import dev.treaty.core.time.Time;
import dev.treaty.registry.changes.ChangeLog;
import dev.treaty.registry.changes.WatcherAcks;
import dev.treaty.registry.changes.Watchers;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Several registries as one. Those <em>together</em> are read and written alike: an instance that is in two of them is
 * one, and everything registered is registered in each, so that a system can move from one to another while it runs.
 * Another one may stand <em>behind</em> them, of a second region: it is only read, and what it knows of a service is
 * seen only while none of the instances before it takes calls.
 */
public final class JointRegistry implements Registry {
    private static final int LOG = 4_096;

    /** Why an instance is gone that its process took out. */
    private static final String CLOSED = "closed";

    /** How many of a service are remembered to be closed. */
    private static final int CLOSED_MAX = 1_024;

    private final String address;
    private final List<Registry> primaries;
    private final Optional<Registry> secondary;
    private final Time time;
    private final ReentrantLock lock = new ReentrantLock();
    private final ChangeLog catalog = new ChangeLog(lock, LOG);
    private final Watchers watchers;
    private final Map<ServiceName, Followed> followed = new TreeMap<>();

    /** An instance that was closed, and how often each registry has told so. */
    private static final class Closed {
        final ServiceInstance instance;
        final int[] times;

        Closed(ServiceInstance instance, int registries) {
            this.instance = instance;
            this.times = new int[registries];
        }

        /** Whether what that registry says is of a time before the newest closing that any has told. */
        boolean outdates(int which, ServiceInstance said) {
            return instance.startedAt().equals(said.startedAt())
                    && instance.endpoint().equals(said.endpoint())
                    && times[which] < Arrays.stream(times).max().orElse(0);
        }
    }

    /** A service as each registry has it. */
    private final class Followed {
        final ServiceName service;
        final List<Map<String, ServiceInstance>> views = new ArrayList<>();
        final List<Subscription> subscriptions = new ArrayList<>();
        final Map<String, Closed> closed = new LinkedHashMap<>() {
            private static final long serialVersionUID = 1;

            @Override
            protected boolean removeEldestEntry(Map.Entry<String, Closed> eldest) {
                return size() > CLOSED_MAX;
            }
        };

        /** What those together say, and how many of them take calls. */
        final Map<String, ServiceInstance> merged = new HashMap<>();

        int taking;
        int followers;
        boolean forGood;

        Followed(ServiceName service) {
            this.service = service;
            all().forEach(_ -> views.add(new TreeMap<>()));
        }

        @SuppressWarnings("ReferenceEquality") // it is that one or another of the same service
        boolean isFollowed() {
            return followed.get(service) == this;
        }

        void take(int which, DiscoveryEvent event) {
            lock.lock();
            try {
                ServiceInstance instance = event.instance();
                String reason = "";
                if (event instanceof DiscoveryEvent.Removed removed) {
                    views.get(which).remove(instance.id());
                    reason = removed.reason();
                    if (which < primaries.size() && reason.equals(CLOSED)) {
                        closed(which, instance);
                    }
                } else {
                    views.get(which).put(instance.id(), instance);
                }
                boolean alone = taking > 0;
                merge(instance.id());
                show(instance.id(), reason);
                if (secondary.isPresent() && alone != taking > 0) {
                    views.getLast().keySet().forEach(id -> show(id, ""));
                }
            } finally {
                lock.unlock();
            }
        }

        /** The first registry's word about it counts most. */
        private void merge(String id) {
            ServiceInstance now = null;
            for (int i = 0; i < primaries.size() && now == null; i++) {
                ServiceInstance said = views.get(i).get(id);
                now = said == null || over(i, said) ? null : said;
            }
            ServiceInstance before = now == null ? merged.remove(id) : merged.put(id, now);
            taking += takes(now) - takes(before);
        }

        private static int takes(@Nullable ServiceInstance instance) {
            return instance != null && instance.health().status().takesCalls() ? 1 : 0;
        }

        private void closed(int which, ServiceInstance instance) {
            Closed known = closed.get(instance.id());
            if (known == null || !known.instance.startedAt().equals(instance.startedAt())) {
                known = new Closed(instance, primaries.size());
                closed.put(instance.id(), known);
            }
            known.times[which]++;
        }

        /** Closed in one registry is closed in all, though some hear of it later, or even of its beginning. */
        private boolean over(int which, ServiceInstance instance) {
            Closed known = closed.get(instance.id());
            return known != null && known.outdates(which, instance);
        }

        private void show(String id, String reason) {
            ServiceInstance seen = merged.get(id);
            if (seen == null && taking == 0 && secondary.isPresent()) {
                seen = views.getLast().get(id);
            }
            if (seen != null) {
                catalog.put(seen, time.instant());
            } else {
                String why = reason.isEmpty() ? "instances of a registry before its own take calls" : reason;
                catalog.remove(service, id, why, time.instant());
            }
        }
    }

    /**
     * Joins registries.
     *
     * @param primaries at least one; closed with this one
     * @param secondary the one that is only read
     */
    public JointRegistry(List<Registry> primaries, Optional<Registry> secondary, Time time) {
        this.primaries = List.copyOf(primaries);
        this.secondary = secondary;
        this.time = time;
        this.watchers = new Watchers(catalog, new WatcherAcks(), time);
        String first =
                String.join(" + ", primaries.stream().map(Registry::address).toList());
        this.address = first + secondary.map(then -> " else " + then.address()).orElse("");
    }

    private List<Registry> all() {
        var all = new ArrayList<>(primaries);
        secondary.ifPresent(all::add);
        return all;
    }

    @Override
    public String address() {
        return address;
    }

    /**
     * {@inheritDoc}
     *
     * <p>It is registered with every registry of those together, or, where one refuses it, with none.
     */
    @Override
    public Registration register(ServiceInstance instance) {
        var registrations = new ArrayList<Registration>();
        try {
            for (Registry registry : primaries) {
                registrations.add(registry.register(instance));
            }
        } catch (RuntimeException e) {
            registrations.forEach(Registration::close);
            throw e;
        }
        return new Joint(registrations);
    }

    private record Joint(List<Registration> registrations) implements Registration {
        @Override
        public ServiceInstance instance() {
            return registrations.getFirst().instance();
        }

        @Override
        public void report(ServiceHealth health) {
            registrations.forEach(each -> each.report(health));
        }

        @Override
        public void drain() {
            registrations.forEach(Registration::drain);
        }

        @Override
        public boolean acknowledged(Duration patience) {
            boolean all = true;
            for (Registration each : registrations) {
                all &= each.acknowledged(patience.dividedBy(registrations.size()));
            }
            return all;
        }

        @Override
        public void close() {
            registrations.forEach(Registration::close);
        }
    }

    @Override
    public boolean drain(ServiceInstance instance, boolean drained, Duration patience) {
        boolean all = true;
        for (Registry registry : primaries) {
            all &= registry.drain(instance, drained, patience.dividedBy(primaries.size()));
        }
        return all;
    }

    @Override
    public void publish(ServiceContract contract, boolean force) {
        primaries.forEach(registry -> registry.publish(contract, force));
    }

    @Override
    public Set<ServiceName> services() {
        var names = new TreeSet<ServiceName>();
        all().forEach(registry -> names.addAll(registry.services()));
        return names;
    }

    @Override
    public List<ServiceInstance> instances(ServiceName service) {
        follow(service, true);
        return catalog.roster(service);
    }

    @Override
    public List<ServiceInstance> lookup(ServiceName service) {
        var found = new TreeMap<String, ServiceInstance>();
        for (Registry registry : primaries) { // the first registry's word counts most
            registry.lookup(service).forEach(instance -> found.putIfAbsent(instance.id(), instance));
        }
        boolean taking = found.values().stream()
                .anyMatch(instance -> instance.health().status().takesCalls());
        if (secondary.isPresent() && !taking) {
            secondary.get().lookup(service).forEach(instance -> found.putIfAbsent(instance.id(), instance));
        }
        return List.copyOf(found.values());
    }

    /** @throws IllegalStateException where there are too many watchers, or this is closed */
    @Override
    public Subscription watch(ServiceName service, Consumer<DiscoveryEvent> on) {
        follow(service, false);
        return watchers.open(service, on, () -> unfollow(service));
    }

    private void follow(ServiceName service, boolean forGood) {
        Followed fresh = null;
        lock.lock();
        try {
            Followed known = followed.get(service);
            if (known == null) {
                fresh = new Followed(service);
                known = fresh;
                followed.put(service, fresh);
            }
            known.followers += forGood && known.forGood ? 0 : 1;
            known.forGood |= forGood;
        } finally {
            lock.unlock();
        }
        if (fresh == null) {
            return;
        }
        Followed begun = fresh;
        var subscriptions = new ArrayList<Subscription>();
        List<Registry> registries = all();
        for (int i = 0; i < registries.size(); i++) {
            int which = i;
            subscriptions.add(registries.get(i).watch(service, event -> begun.take(which, event)));
        }
        boolean over;
        lock.lock();
        try {
            over = !begun.isFollowed();
            begun.subscriptions.addAll(subscriptions);
        } finally {
            lock.unlock();
        }
        if (over) {
            subscriptions.forEach(Subscription::close);
        }
    }

    private void unfollow(ServiceName service) {
        List<Subscription> over = List.of();
        lock.lock();
        try {
            Followed known = followed.get(service);
            if (known != null && --known.followers == 0) {
                followed.remove(service);
                catalog.forget(service);
                over = List.copyOf(known.subscriptions);
            }
        } finally {
            lock.unlock();
        }
        over.forEach(Subscription::close);
    }

    @Override
    public Optional<ServiceContract> contract(ServiceName service) {
        return all().stream()
                .map(registry -> registry.contract(service))
                .flatMap(Optional::stream)
                .max((one, other) -> one.version().compareTo(other.version()));
    }

    @Override
    public List<ServiceContract> contracts(ServiceName service) {
        return all().stream()
                .flatMap(registry -> registry.contracts(service).stream())
                .distinct()
                .sorted((one, other) -> other.version().compareTo(one.version()))
                .toList();
    }

    @Override
    public Optional<ServiceContract> contract(ServiceName service, String fingerprint) {
        return all().stream()
                .map(registry -> registry.contract(service, fingerprint))
                .flatMap(Optional::stream)
                .findFirst();
    }

    @Override
    public Optional<String> problem() {
        return joined(Registry::problem);
    }

    @Override
    public Optional<String> problem(ServiceName service) {
        return joined(registry -> registry.problem(service));
    }

    private Optional<String> joined(Function<Registry, Optional<String>> trouble) {
        List<String> troubles =
                all().stream().map(trouble).flatMap(Optional::stream).toList();
        return troubles.isEmpty() ? Optional.empty() : Optional.of(String.join("; ", troubles));
    }

    @Override
    public Optional<Instant> staleSince() {
        return all().stream()
                .map(Registry::staleSince)
                .flatMap(Optional::stream)
                .min(Instant::compareTo);
    }

    @Override
    public void close() {
        watchers.close();
        all().forEach(Registry::close);
    }
}
