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

/** An instance that is registered with a {@link ConsulAgent}. */
final class ConsulInstance {
    private static final String MAINTENANCE = "Maintenance";
    private static final String STARTED_AT = "StartedAt";

    private final Registry registry;
    private final ConsulFiles files;
    private final Time time;
    private final FileLock lock = new FileLock();
    private volatile Registration registration;
    private State state;
    private boolean unsaved;
    private boolean deregistered;

    /**
     * The state of an instance.
     *
     * @param reported the last report of its check
     * @param reportedAtNanos the time of that report
     * @param expired whether the TTL of the report has passed
     * @param maintenance why it accepts no calls, whatever its check reports; empty if it is not in maintenance
     */
    private record State(
            ConsulDefinition definition,
            ServiceHealth reported,
            long reportedAtNanos,
            boolean expired,
            String maintenance) {
        ServiceInstance instance() {
            return definition
                    .instance()
                    .withHealth(
                            maintenance.isEmpty()
                                    ? reported
                                    : new ServiceHealth(Status.CRITICAL, maintenance, reported.timestamp(), Map.of()));
        }

        State withReport(ServiceHealth health, long nowNanos) {
            return new State(definition, health, nowNanos, false, maintenance);
        }

        State withExpiry(Instant now) {
            var health = new ServiceHealth(Status.CRITICAL, "TTL expired", now, Map.of());
            return new State(definition, health, reportedAtNanos, true, maintenance);
        }

        State withMaintenance(String reason) {
            return new State(definition, reported, reportedAtNanos, expired, reason);
        }

        /** Returns the state under another definition; the report remains valid if the check is the same. */
        State withDefinition(ConsulDefinition other, long nowNanos) {
            ConsulDefinition redefined = other.startedAt(definition.instance().startedAt());
            return redefined.sameCheck(definition)
                    ? new State(redefined, reported, reportedAtNanos, expired, maintenance)
                    : new State(redefined, redefined.instance().health(), nowNanos, false, maintenance);
        }

        /** Returns what {@link ConsulInstance#restore} reads. */
        Map<String, Object> body() {
            Map<String, Object> body = definition.body(reported);
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
     * @throws IOException if it cannot be stored; then it is not registered
     */
    static ConsulInstance register(ConsulDefinition definition, Registry registry, ConsulFiles files, Time time)
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
     * Registers a stored instance again; its check has the whole TTL to report.
     *
     * @throws DateTimeException if its start time is invalid
     */
    static ConsulInstance restore(byte[] stored, Registry registry, ConsulFiles files, Time time) {
        Map<?, ?> body = ConsulDefinition.object(stored);
        var definition = ConsulDefinition.read(body, time.instant())
                .startedAt(Instant.parse(ConsulDefinition.text(body, STARTED_AT, "")));
        return new ConsulInstance(definition, ConsulDefinition.text(body, MAINTENANCE, ""), registry, files, time);
    }

    /** Changes the definition; if the registry rejects it or it cannot be stored, nothing changes. */
    void define(ConsulDefinition other) throws IOException {
        lock.run(() -> {
            State before = state;
            update(before.withDefinition(other, time.nanoTime()));
            try {
                save();
            } catch (IOException e) {
                update(before);
                throw e;
            }
            return true;
        });
    }

    private void update(State next) {
        ServiceInstance before = state.instance();
        ServiceInstance after = next.instance();
        if (after.service().equals(before.service())) {
            registration.update(after);
            registration.report(after.health());
        } else {
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

    /** Records a report of a check; returns false if it is not the check of this instance. */
    boolean report(String check, ServiceHealth health) throws IOException {
        return lock.run(() -> {
            ConsulDefinition definition = state.definition;
            if (deregistered
                    || definition.ttlNanos() == 0
                    || !definition.check().equals(check)) {
                return false;
            }
            updateHealth(state.withReport(health, time.nanoTime()));
            return true;
        });
    }

    private void updateHealth(State next) {
        registration.report(next.instance().health());
        unsaved |= next.reported.status() != state.reported.status() || !next.maintenance.equals(state.maintenance);
        state = next;
    }

    /** Begins maintenance, or ends it if the reason is empty; returns false if the instance is not registered. */
    boolean maintain(String reason) throws IOException {
        return lock.run(() -> {
            if (deregistered) {
                return false;
            }
            updateHealth(state.withMaintenance(reason));
            save();
            return true;
        });
    }

    /** Expires the last report if its TTL has passed; returns whether the instance is to be deregistered for that. */
    boolean expire() throws IOException {
        return lock.run(() -> {
            ConsulDefinition definition = state.definition;
            long overdueNanos = time.nanoTime() - state.reportedAtNanos - definition.ttlNanos();
            if (deregistered || definition.ttlNanos() == 0 || overdueNanos < 0) {
                return false;
            }
            if (!state.expired) {
                updateHealth(state.withExpiry(time.instant()));
            }
            return definition.deregisterNanos() > 0 && overdueNanos > definition.deregisterNanos();
        });
    }

    /** Stores changes that are not stored yet. */
    void saveChanges() throws IOException {
        lock.run(() -> {
            if (unsaved && !deregistered) {
                save();
            }
            return true;
        });
    }

    private void save() throws IOException {
        files.save(state.definition.instance().id(), state.body());
        unsaved = false;
    }

    /** @throws IOException if its file cannot be deleted; then it stays registered */
    void deregister() throws IOException {
        lock.run(() -> {
            files.delete(state.definition.instance().id());
            deregistered = true;
            registration.close();
            return true;
        });
    }

    /** Removes the instance from the registry and keeps its file, because another file cannot be restored. */
    void withdraw() {
        registration.close();
    }

    ServiceInstance instance() {
        return registration.instance();
    }
}
