package dev.treaty.registry;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.IncompatibleContractException;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import dev.treaty.core.discovery.DiscoveryEvent;
import dev.treaty.core.discovery.Registry;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.discovery.SettingsStore;
import dev.treaty.core.discovery.Subscription;
import dev.treaty.core.event.BackgroundThread;
import dev.treaty.core.event.Event;
import dev.treaty.core.event.EventStream;
import dev.treaty.core.event.Events;
import dev.treaty.core.event.RuntimeDependencies;
import dev.treaty.core.time.Time;
import dev.treaty.registry.changes.ChangeLog;
import dev.treaty.registry.changes.SettingsWatchers;
import dev.treaty.registry.changes.Watchers;
import dev.treaty.registry.server.RegistryService;
import dev.treaty.registry.server.RegistryTable;
import dev.treaty.registry.server.Requests;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Consumer;

/**
 * A registry within the process, for programs of one process and for tests. What is registered through it has a lease
 * that never expires and stays until it is closed. Its {@link RegistryTable} may be offered to other processes by a
 * {@link RegistryService}: then each process sees the instances of all.
 */
public final class EmbeddedRegistry implements Registry {
    /** The longest pause between two checks of leases, which other processes may have in the same table. */
    private static final long CHECK_NANOS = Duration.ofSeconds(1).toNanos();

    private static final long IDLE_NANOS = Duration.ofHours(1).toNanos();

    private final RegistryTable table;
    private final Time time;
    private final Events events;
    private final Watchers watchers;
    private final SettingsWatchers settingsWatchers;
    private final SettingsStore settings = new TableSettings();
    private final ChangeLog.Waiter waiter;
    private final Map<String, TableRegistration> registrations = new ConcurrentSkipListMap<>();
    private long emitted; // revision of the last change that was emitted
    private volatile boolean closed;

    /** Creates an empty registry. Its events are every change of every service, in order. */
    public EmbeddedRegistry(RuntimeDependencies runtime) {
        this(new RegistryTable(RegistryLimits.STANDARD, runtime.random()), runtime.time(), runtime.events());
    }

    /**
     * Creates a registry over a table.
     *
     * @param events receives every change of every service, in order
     */
    @SuppressWarnings("exports") // for the modules of Treaty that also offer the table to other processes
    public EmbeddedRegistry(RegistryTable table, Time time, Events events) {
        this.table = table;
        this.time = time;
        this.events = EventStream.guarded(events);
        this.watchers = new Watchers(table.changes(), table.acks(), time, this.events);
        this.settingsWatchers = new SettingsWatchers(table.settings(), time, this.events);
        this.waiter = table.changes().new Waiter();
        this.emitted = table.changes().revision();
        BackgroundThread.virtual("treaty-registry-events", time, this.events, this::emit)
                .start();
    }

    @Override
    public String address() {
        return "embedded";
    }

    @Override
    public Optional<String> problem() {
        return table.problem();
    }

    private void emit() throws InterruptedException {
        boolean last;
        do {
            last = waiter.isClosed();
            long left = table.expire(time.nanoTime(), time.instant());
            table.reportHeld(events);
            long wait = left < Long.MAX_VALUE ? Math.min(left, CHECK_NANOS) : IDLE_NANOS;
            waiter.await(List.of(), emitted, time, wait);
            var reading = table.changes().readAll(emitted);
            emitted = reading.revision();
            reading.changes().forEach(change -> events.emit(new Event.DiscoveryChanged(change.event())));
            Thread.interrupted(); // set by a subscriber
        } while (!last);
    }

    /**
     * {@inheritDoc}
     *
     * @throws IllegalArgumentException if the id is taken or a part of the instance is over a limit
     * @throws IllegalStateException if the registry is full or closed
     */
    @Override
    public Registration register(ServiceInstance instance) {
        checkOpen();
        var registration = new TableRegistration(instance, table.newToken());
        registration.register(instance);
        registrations.put(instance.id(), registration);
        if (closed) { // at the same time
            registration.close();
        }
        return registration;
    }

    /**
     * {@inheritDoc}
     *
     * @throws IllegalStateException if the registry is full or closed
     */
    @Override
    public void publish(ServiceContract contract, boolean force) {
        checkOpen();
        try {
            table.publish(contract.text(), force);
        } catch (ServiceException e) {
            throw e.code() == Code.FAILED_PRECONDITION
                    ? new IncompatibleContractException(e.fault().message())
                    : Requests.refusal(e);
        }
    }

    /**
     * {@inheritDoc}
     *
     * @throws IllegalStateException if instances of that version are registered or the registry is closed
     */
    @Override
    public void withdraw(ServiceName service, Version version) {
        checkOpen();
        Requests.run(() -> table.withdraw(service, version));
    }

    private void checkOpen() {
        if (closed) {
            throw new IllegalStateException("the embedded registry is closed");
        }
    }

    @Override
    public Set<ServiceName> services() {
        return table.services();
    }

    @Override
    public List<ServiceInstance> instances(ServiceName service) {
        return table.changes().instances(service);
    }

    @Override
    public List<ServiceInstance> lookup(ServiceName service, Set<ServiceHealth.Status> health) {
        return instances(service).stream()
                .filter(instance -> health.contains(instance.health().status()))
                .toList();
    }

    @Override
    public Map<String, Optional<Instant>> renewals(ServiceName service) {
        return table.renewals(instances(service), Integer.MAX_VALUE, time.nanoTime(), time.instant());
    }

    @Override
    public boolean drain(ServiceInstance instance, boolean drained, Duration patience) {
        Requests.run(() -> table.drain(instance.id(), drained, time.instant()));
        return awaitAcknowledged(instance.id(), patience);
    }

    private boolean awaitAcknowledged(String id, Duration timeout) {
        try {
            return table.awaitAcknowledged(id, time, timeout.toNanos()) == 0;
        } catch (ServiceException e) {
            return false; // closed in the meantime
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /**
     * {@inheritDoc}
     *
     * @throws IllegalStateException if there are too many watchers or the registry is closed
     */
    @Override
    public Subscription watch(ServiceName service, Consumer<DiscoveryEvent> on) {
        checkOpen();
        return watchers.open(service, on, () -> {});
    }

    @Override
    public Optional<ServiceContract> contract(ServiceName service) {
        return table.contracts(service).newest();
    }

    @Override
    public List<ServiceContract> contracts(ServiceName service) {
        return table.contracts(service).newestFirst();
    }

    @Override
    public Optional<ServiceContract> contract(ServiceName service, String fingerprint) {
        return table.contracts(service).texts(fingerprint).stream().findFirst().map(ServiceContract::parse);
    }

    /** {@inheritDoc} They end with the process, unless a registry server saves the table. */
    @Override
    public SettingsStore settings() {
        return settings;
    }

    private final class TableSettings implements SettingsStore {
        @Override
        public Stored read() {
            return Objects.requireNonNull(table.settings().known()).stored();
        }

        @Override
        public boolean replace(long expected, Stored next) {
            checkOpen();
            boolean replaced = table.replaceSettings(expected, next);
            try {
                table.awaitSaved(time);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            return replaced;
        }

        @Override
        public Subscription watch(Consumer<Stored> on) {
            checkOpen();
            return settingsWatchers.open(on, () -> {});
        }
    }

    /** Removes what was registered through it and closes its watches; the table stays usable for others. */
    @Override
    public void close() {
        closed = true;
        watchers.close();
        settingsWatchers.close();
        registrations.values().forEach(TableRegistration::close);
        waiter.close();
    }

    private final class TableRegistration implements Registration {
        private final String id;
        private final ServiceName service;
        private final String token;
        private volatile ServiceInstance last;
        private volatile boolean draining;

        TableRegistration(ServiceInstance instance, String token) {
            this.id = instance.id();
            this.service = instance.service();
            this.last = instance;
            this.token = token;
        }

        void register(ServiceInstance instance) {
            Requests.run(() -> table.register(instance, token, Duration.ZERO, time.nanoTime(), time.instant()));
        }

        private boolean isClosed() {
            return registrations.get(id) != this;
        }

        @Override
        public ServiceInstance instance() {
            return table.changes().find(service, id).orElse(last);
        }

        @Override
        public void report(ServiceHealth health) {
            if (!draining) {
                set(health);
            }
        }

        /**
         * {@inheritDoc}
         *
         * @throws IllegalArgumentException if the id or the service is another one, or a part is over a limit
         */
        @Override
        public synchronized void update(ServiceInstance instance) {
            Requests.checkUpdate(last, instance);
            ServiceInstance changed = instance.withHealth(last.health());
            register(changed);
            last = changed;
            if (isClosed()) { // at the same time
                table.remove(id, token, time.instant());
            }
        }

        @Override
        public void drain() {
            draining = true;
            set(ServiceHealth.of(ServiceHealth.Status.DRAINING, time.instant()));
        }

        @Override
        public boolean acknowledged(Duration patience) {
            return awaitAcknowledged(id, patience);
        }

        private synchronized void set(ServiceHealth health) {
            if (isClosed()) {
                return;
            }
            try {
                table.report(id, token, health, time.nanoTime(), time.instant());
                last = last.withHealth(health);
            } catch (ServiceException e) {
                if (e.code() != Code.NOT_FOUND) { // not found: closed at the same time
                    throw Requests.refusal(e);
                }
            }
        }

        @Override
        public void close() {
            if (registrations.remove(id, this)) {
                table.remove(id, token, time.instant());
            }
        }
    }
}
