package dev.treaty.registry;

import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import dev.treaty.core.discovery.DiscoveryEvent;
import dev.treaty.core.discovery.PendingSubscription;
import dev.treaty.core.discovery.Registry;
import dev.treaty.core.discovery.RemovalReason;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.discovery.Subscription;
import dev.treaty.core.event.Events;
import dev.treaty.core.time.Time;
import dev.treaty.registry.changes.ChangeLog;
import dev.treaty.registry.changes.WatcherAcks;
import dev.treaty.registry.changes.Watchers;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Combines several registries into one. The <em>primary</em> registries are read and written together: an instance that
 * is in two of them is one, and everything is registered in each, so that a system can move from one to another while
 * it runs. A <em>secondary</em> registry, of another region, is only read, and its instances of a service are visible
 * only while no instance of the primary ones accepts calls.
 */
public final class JointRegistry implements Registry {
    /** The most closed instances of a service that are remembered. */
    private static final int CLOSED_MAX = 1_024;

    private final List<Registry> primaries;
    private final Optional<Registry> secondary;
    private final List<Registry> all;
    private final Time time;
    private final ChangeLog changes = new ChangeLog(ChangeLog.LENGTH_MAX);
    private final Watchers watchers;
    private final Map<ServiceName, Followed> followed = new TreeMap<>(); // guarded by this, as what is in it

    /**
     * Joins registries.
     *
     * @param primaries at least one; closed with this one
     * @param secondary the one that is only read
     */
    public JointRegistry(List<Registry> primaries, Optional<Registry> secondary, Time time) {
        this.primaries = List.copyOf(primaries);
        this.secondary = secondary;
        this.all = Stream.concat(primaries.stream(), secondary.stream()).toList();
        this.time = time;
        this.watchers = new Watchers(changes, new WatcherAcks(), time, Events.NONE);
    }

    /** An instance that was closed, and how often each registry has reported that. */
    private static final class Closed {
        final ServiceInstance instance;
        final int[] reports;

        Closed(ServiceInstance instance, int registries) {
            this.instance = instance;
            this.reports = new int[registries];
        }

        /** Whether a registry's view of the instance is older than the last closing that any registry has reported. */
        boolean outdates(int registry, ServiceInstance view) {
            return instance.startedAt().equals(view.startedAt())
                    && instance.endpoint().equals(view.endpoint())
                    && reports[registry] < Arrays.stream(reports).max().orElse(0);
        }
    }

    /** A followed service as each registry has it. */
    private final class Followed {
        final ServiceName service;
        final List<Map<String, ServiceInstance>> views = new ArrayList<>();
        final List<PendingSubscription> subscriptions = new ArrayList<>();
        final Map<String, Closed> closed = new LinkedHashMap<>() {
            private static final long serialVersionUID = 1;

            @Override
            protected boolean removeEldestEntry(Map.Entry<String, Closed> eldest) {
                return size() > CLOSED_MAX;
            }
        };

        /** The instances of the primary registries. */
        final Map<String, ServiceInstance> merged = new HashMap<>();

        /** How many of them accept calls. */
        int accepting;

        int followers;
        boolean permanent;

        Followed(ServiceName service) {
            this.service = service;
            for (Registry _ : all) {
                views.add(new TreeMap<>());
                subscriptions.add(new PendingSubscription());
            }
        }

        void open() {
            for (int i = 0; i < all.size(); i++) {
                int registry = i;
                subscriptions.get(i).opened(all.get(i).watch(service, event -> process(registry, event)));
            }
        }

        void process(int registry, DiscoveryEvent event) {
            synchronized (JointRegistry.this) {
                ServiceInstance instance = event.instance();
                String reason = "";
                if (event instanceof DiscoveryEvent.Removed removed) {
                    views.get(registry).remove(instance.id());
                    reason = removed.reason();
                    if (registry < primaries.size() && RemovalReason.of(reason) == RemovalReason.CLOSED) {
                        countClosing(registry, instance);
                    }
                } else {
                    views.get(registry).put(instance.id(), instance);
                }
                boolean accepted = accepting > 0;
                merge(instance.id());
                show(instance.id(), reason);
                if (secondary.isPresent() && accepted != accepting > 0) {
                    views.getLast().keySet().forEach(id -> show(id, ""));
                }
            }
        }

        private void countClosing(int registry, ServiceInstance instance) {
            closed.computeIfPresent(
                    instance.id(),
                    (_, known) -> known.instance.startedAt().equals(instance.startedAt()) ? known : null);
            closed.computeIfAbsent(instance.id(), _ -> new Closed(instance, primaries.size())).reports[registry]++;
        }

        /** Takes the view of the first registry that has the instance, unless it is closed by now. */
        private void merge(String id) {
            ServiceInstance now = null;
            for (int i = 0; i < primaries.size() && now == null; i++) {
                ServiceInstance view = views.get(i).get(id);
                Closed known = closed.get(id);
                now = view == null || (known != null && known.outdates(i, view)) ? null : view;
            }
            ServiceInstance before = now == null ? merged.remove(id) : merged.put(id, now);
            accepting += accepts(now) - accepts(before);
        }

        private static int accepts(@Nullable ServiceInstance instance) {
            return instance != null && instance.health().status().takesCalls() ? 1 : 0;
        }

        private void show(String id, String reason) {
            ServiceInstance visible = merged.get(id);
            if (visible == null && accepting == 0 && secondary.isPresent()) {
                visible = views.getLast().get(id);
            }
            if (visible != null) {
                changes.put(visible, time.instant());
            } else {
                changes.remove(service, id, reason.isEmpty() ? RemovalReason.HIDDEN.text() : reason, time.instant());
            }
        }
    }

    @Override
    public String address() {
        return primaries.stream().map(Registry::address).collect(Collectors.joining(" + "))
                + secondary.map(registry -> " else " + registry.address()).orElse("");
    }

    /**
     * {@inheritDoc}
     *
     * <p>Registers with every primary registry or, if one refuses the instance, with none.
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
        return new JointRegistration(registrations);
    }

    private record JointRegistration(List<Registration> registrations) implements Registration {
        @Override
        public ServiceInstance instance() {
            return registrations.getFirst().instance();
        }

        @Override
        public void report(ServiceHealth health) {
            registrations.forEach(each -> each.report(health));
        }

        @Override
        public void update(ServiceInstance instance) {
            registrations.forEach(each -> each.update(instance));
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
        boolean acknowledged = true;
        for (Registry registry : primaries) {
            acknowledged &= registry.drain(instance, drained, patience.dividedBy(primaries.size()));
        }
        return acknowledged;
    }

    @Override
    public void publish(ServiceContract contract, boolean force) {
        primaries.forEach(registry -> registry.publish(contract, force));
    }

    @Override
    public void withdraw(ServiceName service, Version version) {
        primaries.forEach(registry -> registry.withdraw(service, version));
    }

    @Override
    public Set<ServiceName> services() {
        return all.stream()
                .flatMap(registry -> registry.services().stream())
                .collect(Collectors.toCollection(TreeSet::new));
    }

    @Override
    public List<ServiceInstance> instances(ServiceName service) {
        follow(service, true);
        return changes.instances(service);
    }

    @Override
    public List<ServiceInstance> lookup(ServiceName service, Set<ServiceHealth.Status> health) {
        return lookup(service).stream()
                .filter(instance -> health.contains(instance.health().status()))
                .toList();
    }

    @Override
    public Map<String, Optional<Instant>> renewals(ServiceName service) {
        var renewals = new TreeMap<String, Optional<Instant>>();
        primaries.reversed().forEach(registry -> renewals.putAll(registry.renewals(service)));
        return renewals;
    }

    @Override
    public List<ServiceInstance> lookup(ServiceName service) {
        var found = new TreeMap<String, ServiceInstance>(); // the view of the first registry counts
        for (Registry registry : primaries) {
            registry.lookup(service).forEach(instance -> found.putIfAbsent(instance.id(), instance));
        }
        if (secondary.isPresent()
                && found.values().stream()
                        .noneMatch(instance -> instance.health().status().takesCalls())) {
            secondary.get().lookup(service).forEach(instance -> found.putIfAbsent(instance.id(), instance));
        }
        return List.copyOf(found.values());
    }

    /**
     * {@inheritDoc}
     *
     * @throws IllegalStateException if there are too many watchers, or a registry is closed
     */
    @Override
    public Subscription watch(ServiceName service, Consumer<DiscoveryEvent> on) {
        follow(service, false);
        return watchers.open(service, on, () -> unfollow(service));
    }

    /** @param permanently whether to follow the service until this registry is closed, which counts as one follower */
    private void follow(ServiceName service, boolean permanently) {
        Followed fresh = null;
        synchronized (this) {
            Followed known = followed.get(service);
            if (known == null) {
                fresh = new Followed(service);
                known = fresh;
                followed.put(service, fresh);
            }
            known.followers += permanently && known.permanent ? 0 : 1;
            known.permanent |= permanently;
        }
        if (fresh != null) {
            fresh.open();
        }
    }

    private void unfollow(ServiceName service) {
        List<PendingSubscription> last = List.of();
        synchronized (this) {
            Followed known = followed.get(service);
            if (known != null && --known.followers == 0) {
                followed.remove(service);
                changes.forget(service);
                last = known.subscriptions;
            }
        }
        last.forEach(Subscription::close);
    }

    /** Returns the answers of all registries that have one. */
    private <T> Stream<T> ask(Function<Registry, Optional<T>> question) {
        return all.stream().map(question).flatMap(Optional::stream);
    }

    @Override
    public Optional<ServiceContract> contract(ServiceName service) {
        return ask(registry -> registry.contract(service)).max(Comparator.comparing(ServiceContract::version));
    }

    @Override
    public List<ServiceContract> contracts(ServiceName service) {
        return all.stream()
                .flatMap(registry -> registry.contracts(service).stream())
                .distinct()
                .sorted(Comparator.comparing(ServiceContract::version).reversed())
                .toList();
    }

    @Override
    public Optional<ServiceContract> contract(ServiceName service, String fingerprint) {
        return ask(registry -> registry.contract(service, fingerprint)).findFirst();
    }

    @Override
    public Optional<String> problem() {
        return joined(ask(Registry::problem));
    }

    @Override
    public Optional<String> problem(ServiceName service) {
        return joined(ask(registry -> registry.problem(service)));
    }

    private static Optional<String> joined(Stream<String> problems) {
        return problems.reduce((one, other) -> one + "; " + other);
    }

    @Override
    public Optional<Instant> staleSince() {
        return ask(Registry::staleSince).min(Instant::compareTo);
    }

    @Override
    public void close() {
        watchers.close();
        all.forEach(Registry::close);
    }
}
