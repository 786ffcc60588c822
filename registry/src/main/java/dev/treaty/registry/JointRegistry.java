package dev.treaty.registry;

import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import dev.treaty.core.discovery.DiscoveryEvent;
import dev.treaty.core.discovery.PendingSubscription;
import dev.treaty.core.discovery.Registry;
import dev.treaty.core.discovery.RemovalReason;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.discovery.SettingsStore;
import dev.treaty.core.discovery.Subscription;
import dev.treaty.core.event.BackgroundThread;
import dev.treaty.core.event.Events;
import dev.treaty.core.time.Time;
import dev.treaty.registry.changes.ChangeLog;
import dev.treaty.registry.changes.WatcherAcks;
import dev.treaty.registry.changes.Watchers;
import dev.treaty.registry.server.RegistryTable;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BinaryOperator;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Combines several registries into one. The <em>primary</em> registries are read and written together: an instance that
 * is in two of them is one, and everything is registered in each, so that a system survives the loss of either, and can
 * move from one to another while it runs. A <em>secondary</em> registry, of another region, is only read, and its
 * instances of a service are visible only while no instance of the primary ones accepts calls.
 *
 * <p>What a primary registry says of an instance is stale if the registry cannot be reached, or has not said it again
 * since it returned, for a minute; then what others say counts. An instance is listed as long as one of them lists it,
 * in its newest state. Once one reports that it was closed, another registry that lists it does not count until it has
 * reported that too, for a minute at most.
 */
public final class JointRegistry implements Registry {
    /** How long what a registry said before it was unreachable is stale, and how long a closing counts. */
    private static final long SETTLE_NANOS = Duration.ofMinutes(1).toNanos();

    /** The pause between two looks at which registries can be reached. */
    private static final long CHECK_NANOS = Duration.ofMillis(500).toNanos();

    /**
     * How long the watchers may take to process that an instance drains before a registry counts it as acknowledged.
     */
    private static final long DRAIN_NANOS = Duration.ofMillis(250).toNanos();

    private static final Comparator<ServiceInstance> BY_AGE = Comparator.comparing(ServiceInstance::startedAt)
            .thenComparing(instance -> instance.health().timestamp());

    private final List<Registry> primaries;
    private final Optional<Registry> secondary;
    private final List<Registry> all;
    private final Time time;
    private final ChangeLog changes = new ChangeLog(ChangeLog.LENGTH_MAX);
    private final WatcherAcks acks = new WatcherAcks();
    private final Watchers watchers;
    private final JointSettings settings;
    private final Map<ServiceName, Followed> followed = new TreeMap<>(); // guarded by this, as what is in it
    private final Thread checks;

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
        this.watchers = new Watchers(changes, acks, time, Events.NONE);
        this.settings =
                new JointSettings(primaries.stream().map(Registry::settings).toList(), time);
        this.checks = BackgroundThread.virtual("treaty-joint-registry", time, Events.NONE, this::checkRepeatedly);
        checks.start();
    }

    /** What a registry has last said of an instance: its state, or its last state if it was removed. */
    private record Statement(View by, ServiceInstance instance, boolean listed, long atNanos) {
        boolean isStale() {
            return !by.reachable
                    || (by.returnedNanos != null && atNanos - by.returnedNanos < 0)
                    || instance.health().details().containsKey(RegistryTable.STALE);
        }
    }

    /**
     * The end of an instance.
     *
     * @param unaware the registries that have not reported it
     */
    private record Closing(Instant startedAt, Set<View> unaware, long atNanos) {
        boolean ends(Statement statement) {
            return unaware.contains(statement.by) && startedAt.equals(statement.instance.startedAt());
        }
    }

    /** What one registry says of a service. */
    private static final class View {
        final Map<String, Statement> statements = new TreeMap<>();
        final PendingSubscription subscription = new PendingSubscription();
        boolean reachable = true;

        /** What was said before this is stale; null if nothing is. */
        @Nullable
        Long returnedNanos;

        /** Records whether the registry can be reached; returns whether that changes what is stale. */
        boolean reach(boolean now, long nanos) {
            boolean settled = now && reachable && returnedNanos != null && nanos - returnedNanos >= SETTLE_NANOS;
            boolean changed = settled || now != reachable;
            if (changed) {
                returnedNanos = settled ? null : Long.valueOf(nanos);
                reachable = now;
            }
            return changed;
        }

        /** Returns the instance with an id if the registry lists it. */
        Optional<ServiceInstance> listed(String id) {
            return Optional.ofNullable(statements.get(id))
                    .filter(Statement::listed)
                    .map(Statement::instance);
        }
    }

    /** A followed service as each registry has it. */
    private final class Followed {
        final ServiceName service;
        final List<View> views = all.stream().map(_ -> new View()).toList();
        final List<View> primaryViews = views.subList(0, primaries.size());
        final Map<String, Closing> closings = new HashMap<>();

        /** The instances of the primary registries. */
        final Map<String, ServiceInstance> merged = new HashMap<>();

        /** How many of them accept calls. */
        int accepting;

        int followers;

        Followed(ServiceName service) {
            this.service = service;
        }

        void open() {
            for (int i = 0; i < all.size(); i++) {
                View view = views.get(i);
                view.subscription.opened(all.get(i).watch(service, event -> process(view, event)));
            }
        }

        Set<String> ids() {
            return views.stream()
                    .flatMap(view -> view.statements.keySet().stream())
                    .collect(Collectors.toSet());
        }

        /** Merges again if something has become stale or current. */
        void check() {
            for (int i = 0; i < all.size(); i++) {
                boolean reachable = all.get(i).problem(service).isEmpty();
                synchronized (JointRegistry.this) {
                    if (views.get(i).reach(reachable, time.nanoTime())) {
                        update(ids(), RemovalReason.NOT_LISTED.text());
                    }
                }
            }
        }

        /** Forgets the closings that do not count any more. */
        void forgetClosings() {
            long now = time.nanoTime();
            var ids = new HashSet<>(closings.keySet());
            closings.values().removeIf(closing -> now - closing.atNanos >= SETTLE_NANOS);
            ids.removeAll(closings.keySet());
            update(ids, RemovalReason.NOT_LISTED.text());
        }

        void process(View view, DiscoveryEvent event) {
            check();
            ServiceInstance instance = event.instance();
            String removal = event instanceof DiscoveryEvent.Removed removed ? removed.reason() : null;
            long revision;
            synchronized (JointRegistry.this) {
                view.statements.put(instance.id(), new Statement(view, instance, removal == null, time.nanoTime()));
                if (removal != null && primaryViews.contains(view)) {
                    end(view, instance, RemovalReason.of(removal) == RemovalReason.CLOSED);
                }
                update(Set.of(instance.id()), removal == null ? RemovalReason.NOT_LISTED.text() : removal);
                revision = changes.revision();
            }
            if (instance.health().status() == ServiceHealth.Status.DRAINING) {
                try { // the registry counts it as acknowledged when this returns
                    acks.await(service, revision, time, DRAIN_NANOS);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }
        }

        /** Records that a registry has reported the end of an instance. */
        private void end(View view, ServiceInstance instance, boolean closed) {
            Closing known = closings.get(instance.id());
            if (known != null && known.unaware.remove(view)) {
                if (known.unaware.isEmpty()) {
                    closings.remove(instance.id());
                }
            } else if (closed && primaryViews.size() > 1) {
                var unaware = new HashSet<>(primaryViews);
                unaware.remove(view);
                closings.put(instance.id(), new Closing(instance.startedAt(), unaware, time.nanoTime()));
            }
        }

        /** Merges and shows instances again; the reason is for those that are removed by that. */
        private void update(Set<String> ids, String reason) {
            boolean accepted = accepting > 0;
            for (String id : ids) {
                ServiceInstance now = merge(id);
                ServiceInstance before = now == null ? merged.remove(id) : merged.put(id, now);
                accepting += accepts(now) - accepts(before);
                show(id, reason);
            }
            if (secondary.isPresent() && accepted != accepting > 0) {
                views.getLast().statements.keySet().forEach(id -> show(id, RemovalReason.HIDDEN.text()));
            }
            for (String id : ids) {
                if (!closings.containsKey(id)
                        && views.stream().allMatch(view -> view.listed(id).isEmpty())) {
                    views.forEach(view -> view.statements.remove(id));
                }
            }
        }

        /** Returns the newest state of an instance by what is not stale, or else by what is; null for none. */
        private @Nullable ServiceInstance merge(String id) {
            List<Statement> said = primaryViews.stream()
                    .flatMap(view -> Stream.ofNullable(view.statements.get(id)))
                    .toList();
            List<Statement> current =
                    said.stream().filter(each -> !each.isStale()).toList();
            Closing closing = closings.get(id);
            return (current.isEmpty() ? said : current)
                    .stream()
                            .filter(each -> each.listed && (closing == null || !closing.ends(each)))
                            .map(Statement::instance)
                            .max(BY_AGE.thenComparing(state -> state.equals(merged.get(id))))
                            .orElse(null);
        }

        private static int accepts(@Nullable ServiceInstance instance) {
            return instance != null && instance.health().status().takesCalls() ? 1 : 0;
        }

        private void show(String id, String reason) {
            ServiceInstance visible = merged.get(id);
            if (visible == null && accepting == 0 && secondary.isPresent()) {
                visible = views.getLast().listed(id).orElse(null);
            }
            if (visible != null) {
                changes.put(visible, time.instant());
            } else {
                changes.remove(service, id, reason, time.instant());
            }
        }
    }

    private void checkRepeatedly() throws InterruptedException {
        while (true) {
            List<Followed> now;
            synchronized (this) {
                now = List.copyOf(followed.values());
            }
            now.forEach(Followed::check);
            synchronized (this) {
                now.forEach(Followed::forgetClosings);
            }
            time.sleep(CHECK_NANOS);
        }
    }

    /** Asks every primary registry; that some fail counts only if all do. */
    private <T> List<T> askPrimaries(Function<Registry, T> question) {
        var answers = new ArrayList<T>();
        RuntimeException failure = null;
        for (Registry registry : primaries) {
            try {
                answers.add(question.apply(registry));
            } catch (ServiceException | IllegalArgumentException | UnsupportedOperationException e) {
                failure = failure == null ? e : failure;
            }
        }
        if (answers.isEmpty() && failure != null) {
            throw failure;
        }
        return answers;
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
        return new JointRegistration(primaries, registrations);
    }

    private record JointRegistration(List<Registry> registries, List<Registration> registrations)
            implements Registration {
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

        /**
         * {@inheritDoc}
         *
         * <p>The watchers of a registry that cannot be reached cannot be asked; those of at least one have to answer.
         */
        @Override
        public boolean acknowledged(Duration waitMax) {
            boolean any = false;
            for (int i = 0; i < registrations.size(); i++) {
                boolean all = registrations.get(i).acknowledged(waitMax.dividedBy(registrations.size()));
                if (!all && registries.get(i).staleSince().isEmpty()) {
                    return false;
                }
                any |= all;
            }
            return any;
        }

        @Override
        public void close() {
            registrations.forEach(Registration::close);
        }
    }

    /**
     * {@inheritDoc}
     *
     * <p>Drains the instance in every primary registry that knows it and can be reached.
     */
    @Override
    public boolean drain(ServiceInstance instance, boolean drained, Duration waitMax) {
        Duration each = waitMax.dividedBy(primaries.size());
        return !askPrimaries(registry -> registry.drain(instance, drained, each))
                .contains(false);
    }

    @Override
    public void publish(ServiceContract contract, boolean force) {
        primaries.forEach(registry -> registry.publish(contract, force));
    }

    /**
     * {@inheritDoc}
     *
     * <p>Withdraws it from every primary registry that can be reached, unless instances of any of them run it.
     */
    @Override
    public void withdraw(ServiceName service, Version version) {
        if (lookup(service).stream().anyMatch(each -> each.version().equals(version))) {
            throw new IllegalStateException(
                    "contract " + service + " " + version + " is in use by registered instances: stop them first");
        }
        askPrimaries(registry -> {
            registry.withdraw(service, version);
            return true;
        });
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

    /**
     * {@inheritDoc}
     *
     * <p>A registry that does not respond is left out, unless none does.
     */
    @Override
    public List<ServiceInstance> lookup(ServiceName service, Set<ServiceHealth.Status> health) {
        var found = new TreeMap<String, ServiceInstance>();
        askPrimaries(registry -> registry.lookup(service))
                .forEach(instances ->
                        instances.forEach(each -> found.merge(each.id(), each, BinaryOperator.maxBy(BY_AGE))));
        if (secondary.isPresent()
                && found.values().stream()
                        .noneMatch(instance -> instance.health().status().takesCalls())) {
            secondary.get().lookup(service).forEach(instance -> found.putIfAbsent(instance.id(), instance));
        }
        return found.values().stream()
                .filter(instance -> health.contains(instance.health().status()))
                .toList();
    }

    @Override
    public Map<String, Optional<Instant>> renewals(ServiceName service) {
        var renewals = new TreeMap<String, Optional<Instant>>();
        askPrimaries(registry -> registry.renewals(service))
                .forEach(each -> each.forEach((id, at) -> renewals.merge(id, at, (one, other) -> one.or(() -> other))));
        return renewals;
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
            known.followers += permanently && known.followers > 0 ? 0 : 1;
        }
        if (fresh != null) {
            fresh.open();
        }
    }

    private void unfollow(ServiceName service) {
        List<View> last = List.of();
        synchronized (this) {
            Followed known = followed.get(service);
            if (known != null && --known.followers == 0) {
                followed.remove(service);
                changes.forget(service);
                last = known.views;
            }
        }
        last.forEach(view -> view.subscription.close());
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

    /** {@inheritDoc} It is empty while a primary registry can be reached. */
    @Override
    public Optional<Instant> staleSince() {
        List<Optional<Instant>> since =
                primaries.stream().map(Registry::staleSince).toList();
        return since.stream().allMatch(Optional::isPresent)
                ? since.stream().flatMap(Optional::stream).max(Comparator.naturalOrder())
                : Optional.empty();
    }

    /**
     * {@inheritDoc}
     *
     * <p>Those of the primary registry with the highest number. A change is written to each that responds; one that was
     * away gets it later.
     */
    @Override
    public SettingsStore settings() {
        return settings;
    }

    @Override
    public void close() {
        checks.interrupt();
        settings.close();
        watchers.close();
        all.forEach(Registry::close);
    }
}
