package dev.treaty.registry.compat;

import dev.treaty.core.discovery.Registry;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.discovery.ServiceRegistry.Registration;
import dev.treaty.core.time.Time;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;

/** An instance that is registered with a {@link ConsulAgent}. */
final class ConsulInstance {
    private static final String MAINTENANCE = "Maintenance";
    private static final String STARTED_AT = "StartedAt";

    private final Registry registry;
    private final ConsulFiles files;
    private final Time time;
    private final ReentrantLock lock = new ReentrantLock();
    private Registration registration;
    private State state;
    private boolean unsaved;
    private boolean gone;

    /**
     * How it is.
     *
     * @param said what its check last said
     * @param saidAtNanos when that was
     * @param silent whether that is too long ago
     * @param maintenance why nobody is to call it, whatever its check says; empty where it is not in maintenance
     */
    private record State(
            ConsulDefinition definition, ServiceHealth said, long saidAtNanos, boolean silent, String maintenance) {
        ServiceInstance instance() {
            return definition
                    .instance()
                    .withHealth(
                            maintenance.isEmpty()
                                    ? said
                                    : new ServiceHealth(Status.CRITICAL, maintenance, said.timestamp(), Map.of()));
        }

        State saying(ServiceHealth health, long nowNanos) {
            return new State(definition, health, nowNanos, false, maintenance);
        }

        State expired(Instant now) {
            var health = new ServiceHealth(Status.CRITICAL, "TTL expired", now, Map.of());
            return new State(definition, health, saidAtNanos, true, maintenance);
        }

        State inMaintenance(String reason) {
            return new State(definition, said, saidAtNanos, silent, reason);
        }

        /** What its check said goes on to hold where it still has that check. */
        State definedAs(ConsulDefinition other, long nowNanos) {
            ConsulDefinition anew = other.startedAt(definition.instance().startedAt());
            return anew.sameCheck(definition)
                    ? new State(anew, said, saidAtNanos, silent, maintenance)
                    : new State(anew, anew.instance().health(), nowNanos, false, maintenance);
        }

        /** What {@link ConsulInstance#restored} reads. */
        Map<String, Object> body() {
            Map<String, Object> body = definition.body(said);
            body.put(STARTED_AT, definition.instance().startedAt().toString());
            if (!maintenance.isEmpty()) {
                body.put(MAINTENANCE, maintenance);
            }
            return body;
        }
    }

    private ConsulInstance(
            ConsulDefinition definition, String maintenance, Registry registry, ConsulFiles files, Time time) {
        this.registry = registry;
        this.files = files;
        this.time = time;
        this.state = new State(definition, definition.instance().health(), time.nanoTime(), false, maintenance);
        this.registration = registry.register(state.instance());
    }

    /**
     * Registers an instance.
     *
     * @throws IOException where it could not be kept; it is not registered then
     */
    static ConsulInstance registered(ConsulDefinition definition, Registry registry, ConsulFiles files, Time time)
            throws IOException {
        var instance = new ConsulInstance(definition, "", registry, files, time);
        try {
            instance.save();
            return instance;
        } catch (IOException e) {
            instance.registration.close();
            throw e;
        }
    }

    /**
     * Registers one again that was kept; its check has the whole of its TTL to say something.
     *
     * @throws DateTimeException where the moment of its start is none
     */
    static ConsulInstance restored(byte[] kept, Registry registry, ConsulFiles files, Time time) {
        Map<?, ?> body = ConsulDefinition.object(kept);
        var definition = ConsulDefinition.read(body, time.instant())
                .startedAt(Instant.parse(ConsulDefinition.text(body, STARTED_AT, "")));
        return new ConsulInstance(definition, ConsulDefinition.text(body, MAINTENANCE, ""), registry, files, time);
    }

    /**
     * Defines it anew, in place; it stays as it was where the registry refuses that, or where it could not be kept.
     */
    void define(ConsulDefinition other) throws IOException {
        lock.lock();
        try {
            State before = state;
            place(before.definedAs(other, time.nanoTime()));
            try {
                save();
            } catch (IOException e) {
                place(before);
                throw e;
            }
        } finally {
            lock.unlock();
        }
    }

    private void place(State next) {
        ServiceInstance before = state.instance();
        ServiceInstance after = next.instance();
        if (!after.service().equals(before.service()) || !registration.update(after)) {
            registration.close();
            try {
                registration = registry.register(after);
            } catch (RuntimeException e) {
                registration = registry.register(before);
                throw e;
            }
        }
        state = next;
    }

    /** Takes in what a check said; false where it is not the check of this instance. */
    boolean heard(String check, ServiceHealth said) {
        lock.lock();
        try {
            ConsulDefinition definition = state.definition;
            if (gone || definition.ttlNanos() == 0 || !definition.check().equals(check)) {
                return false;
            }
            feel(state.saying(said, time.nanoTime()));
            return true;
        } finally {
            lock.unlock();
        }
    }

    private void feel(State next) {
        registration.report(next.instance().health());
        unsaved |= next.said.status() != state.said.status() || !next.maintenance.equals(state.maintenance);
        state = next;
    }

    /** Begins maintenance, or ends it where there is no reason; false where the instance is not registered any more. */
    boolean maintain(String reason) throws IOException {
        lock.lock();
        try {
            if (gone) {
                return false;
            }
            feel(state.inMaintenance(reason));
            save();
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** Notices that its check says nothing any more; true where it is to be deregistered for that. */
    boolean look() {
        lock.lock();
        try {
            ConsulDefinition definition = state.definition;
            long overNanos = time.nanoTime() - state.saidAtNanos - definition.ttlNanos();
            if (gone || definition.ttlNanos() == 0 || overNanos < 0) {
                return false;
            }
            if (!state.silent) {
                feel(state.expired(time.instant()));
            }
            return definition.deregisterNanos() > 0 && overNanos > definition.deregisterNanos();
        } finally {
            lock.unlock();
        }
    }

    /** Saves what is not saved yet. */
    void saveChanges() throws IOException {
        lock.lock();
        try {
            if (unsaved && !gone) {
                save();
            }
        } finally {
            lock.unlock();
        }
    }

    private void save() throws IOException {
        files.save(state.definition.instance().id(), state.body());
        unsaved = false;
    }

    /** @throws IOException where it could not be forgotten; it stays registered then */
    void deregister() throws IOException {
        lock.lock();
        try {
            files.delete(state.definition.instance().id());
            gone = true;
            registration.close();
        } finally {
            lock.unlock();
        }
    }

    /** Takes it out of the registry and keeps it; for when others could not be restored. */
    void withdraw() {
        registration.close();
    }

    ServiceInstance instance() {
        lock.lock();
        try {
            return registration.instance();
        } finally {
            lock.unlock();
        }
    }
}
