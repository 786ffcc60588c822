package dev.treaty.registry;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.IncompatibleContractException;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.DiscoveryEvent;
import dev.treaty.core.discovery.Registry;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.discovery.Subscription;
import dev.treaty.core.event.Event;
import dev.treaty.core.event.Events;
import dev.treaty.core.time.Promise;
import dev.treaty.core.time.Time;
import dev.treaty.registry.changes.Watchers;
import dev.treaty.registry.server.RegistryService;
import dev.treaty.registry.server.RegistryTable;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Consumer;

/**
 * A registry within the process, over a {@link RegistryTable}. What is registered through it stays until it is closed:
 * its lease is the life of the process. The same table may be offered to other processes by a {@link RegistryService};
 * their instances then appear here, and those of this process there.
 */
public final class EmbeddedRegistry implements Registry {
    private static final long WAIT_NANOS = Duration.ofHours(1).toNanos();

    /** How often the table is looked at while somebody in it may have to go. */
    private static final long LOOK_NANOS = Duration.ofSeconds(1).toNanos();

    private final RegistryTable table;
    private final Time time;
    private final Events events;
    private final Watchers watchers;
    private final Map<String, Kept> kept = new ConcurrentSkipListMap<>();
    private final Promise<Boolean> closed = new Promise<>();

    /**
     * A registry over that table.
     *
     * @param events told of every change of any service, in order
     */
    @SuppressWarnings("exports") // for the modules of Treaty that also serve the table to other processes
    public EmbeddedRegistry(RegistryTable table, Time time, Events events) {
        this.table = table;
        this.time = time;
        this.events = events;
        this.watchers = new Watchers(table.catalog(), table.audience(), time);
        long revision = table.catalog().revision();
        Thread.ofVirtual().name("treaty-registry-events").start(() -> emit(revision));
    }

    @Override
    public String address() {
        return "embedded";
    }

    private void emit(long from) {
        long revision = from;
        while (closed.now() == null) {
            var waiter = table.catalog().await(List.of(), revision);
            try {
                if (closed.now() == null) { // looked at after enlisting, so that a close in between is not missed
                    long left = table.expire(time.nanoTime(), time.instant());
                    waiter.changed().await(time, left < Long.MAX_VALUE ? Math.min(left, LOOK_NANOS) : WAIT_NANOS);
                }
            } catch (InterruptedException e) {
                return;
            } finally {
                table.catalog().leave(waiter);
            }
            var reading = table.catalog().readAll(revision);
            revision = reading.revision();
            reading.changes().forEach(change -> events.emit(new Event.DiscoveryChanged(change.event())));
        }
    }

    /**
     * @throws IllegalArgumentException where the id is taken or a part of the instance is over a limit
     * @throws IllegalStateException where the registry is full or closed
     */
    @Override
    public Registration register(ServiceInstance instance) {
        refuseWhenClosed();
        var registration = new Kept(instance, table.newToken());
        try {
            table.register(instance, registration.token, Duration.ZERO, time.nanoTime(), time.instant());
        } catch (ServiceException e) {
            throw refusal(e);
        }
        kept.put(instance.id(), registration);
        if (closed.now() != null) {
            registration.close();
        }
        return registration;
    }

    /** @throws IllegalStateException where the registry is full or closed */
    @Override
    public void publish(ServiceContract contract, boolean force) {
        refuseWhenClosed();
        try {
            table.publish(contract, force);
        } catch (ServiceException e) {
            throw refusal(e);
        }
    }

    private static RuntimeException refusal(ServiceException e) {
        String message = e.fault().message();
        return switch (e.code()) {
            case RESOURCE_EXHAUSTED -> new IllegalStateException(message, e);
            case FAILED_PRECONDITION -> new IncompatibleContractException(message);
            default -> new IllegalArgumentException(message, e);
        };
    }

    private void refuseWhenClosed() {
        if (closed.now() != null) {
            throw new IllegalStateException("the embedded registry is closed");
        }
    }

    @Override
    public Set<ServiceName> services() {
        return table.services();
    }

    @Override
    public List<ServiceInstance> instances(ServiceName service) {
        return table.catalog().roster(service);
    }

    @Override
    public boolean drain(ServiceInstance instance, boolean drained, Duration patience) {
        try {
            table.drain(instance.id(), drained, time.instant());
        } catch (ServiceException e) {
            throw refusal(e);
        }
        return heard(instance.id(), patience);
    }

    private boolean heard(String id, Duration patience) {
        try {
            return table.awaitHeard(id, time, patience.toNanos()) == 0;
        } catch (ServiceException e) {
            return false; // closed meanwhile
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** @throws IllegalStateException where there are too many watchers or the registry is closed */
    @Override
    public Subscription watch(ServiceName service, Consumer<DiscoveryEvent> on) {
        refuseWhenClosed();
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
        return table.contracts(service).find(fingerprint);
    }

    /** Takes out what was registered through it and ends its watches; the table stays usable for others. */
    @Override
    public void close() {
        if (closed.complete(true)) {
            watchers.close();
            kept.values().forEach(Kept::close);
            table.catalog().wake();
        }
    }

    private final class Kept implements Registration {
        private final String id;
        private final ServiceName service;
        private final String token;
        private volatile ServiceInstance last;
        private volatile boolean draining;

        Kept(ServiceInstance instance, String token) {
            this.id = instance.id();
            this.service = instance.service();
            this.last = instance;
            this.token = token;
        }

        @Override
        public ServiceInstance instance() {
            return table.catalog().find(service, id).orElse(last);
        }

        @Override
        public void report(ServiceHealth health) {
            if (!draining) {
                tell(health);
            }
        }

        /** @throws IllegalArgumentException where its id or its service is another, or a part of it over a limit */
        @Override
        public boolean update(ServiceInstance instance) {
            if (!instance.id().equals(id)) {
                throw new IllegalArgumentException(
                        "instance " + id + " cannot become " + instance.id() + ": an instance keeps its id");
            }
            ServiceInstance changed = draining ? instance.withHealth(last.health()) : instance;
            try {
                table.register(changed, token, Duration.ZERO, time.nanoTime(), time.instant());
            } catch (ServiceException e) {
                throw refusal(e);
            }
            last = changed;
            if (kept.get(id) != this) { // closed meanwhile
                table.remove(id, token, "closed", time.instant());
            }
            return true;
        }

        @Override
        public void drain() {
            draining = true;
            tell(ServiceHealth.of(ServiceHealth.Status.DRAINING, time.instant()));
        }

        @Override
        public boolean acknowledged(Duration patience) {
            return heard(id, patience);
        }

        private void tell(ServiceHealth health) {
            if (kept.get(id) != this) {
                return;
            }
            try {
                table.report(id, token, health, time.nanoTime(), time.instant());
                last = last.withHealth(health);
            } catch (ServiceException e) {
                if (e.code() != Code.NOT_FOUND) { // closed meanwhile: nobody wants to know how it feels
                    throw refusal(e);
                }
            }
        }

        @Override
        public void close() {
            if (kept.remove(id, this)) {
                table.remove(id, token, "closed", time.instant());
            }
        }
    }
}
