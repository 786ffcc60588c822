package dev.treaty.registry.compat;

import dev.treaty.core.discovery.Registry;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.discovery.ServiceRegistry.Registration;
import dev.treaty.core.health.HealthCheck;
import dev.treaty.core.time.RandomSource;
import dev.treaty.core.time.Time;
import dev.treaty.http.HealthProbes;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** An instance that is registered with a {@link ConsulAgent}. */
final class ConsulInstance {
    private static final String MAINTENANCE = "Maintenance";
    private static final String STARTED_AT = "StartedAt";
    private static final String OWNER = "RegisteredBy";

    /**
     * What an instance gets from its agent.
     *
     * @param networks the networks to which checks may connect
     */
    record Agent(Registry registry, ConsulFiles files, Time time, HealthProbes probes, CheckNetworks networks) {}

    private final Agent agent;

    /** The proven name of who has registered it; empty if it was not proven. */
    private final String owner;

    private final Time time;
    private volatile Registration registration;
    private State state;
    private boolean unsaved;
    private boolean deregistered;
    private @Nullable HealthCheck probing;

    /**
     * The state of an instance.
     *
     * @param reported the last report of its check
     * @param reportedAtNanos the time of that report
     * @param criticalAtNanos since when the check is critical, if it is
     * @param expired whether the TTL of the report has passed
     * @param maintenance why it accepts no calls, whatever its check reports; empty if it is not in maintenance
     */
    private record State(
            ConsulDefinition definition,
            ServiceHealth reported,
            long reportedAtNanos,
            long criticalAtNanos,
            boolean expired,
            String maintenance) {
        static State of(ConsulDefinition definition, long nowNanos, String maintenance) {
            return new State(definition, definition.instance().health(), nowNanos, nowNanos, false, maintenance);
        }

        ServiceInstance instance() {
            return definition
                    .instance()
                    .withHealth(
                            maintenance.isEmpty()
                                    ? reported
                                    : new ServiceHealth(Status.CRITICAL, maintenance, reported.timestamp(), Map.of()));
        }

        boolean critical() {
            return reported.status() == Status.CRITICAL;
        }

        State withReport(ServiceHealth health, boolean expiry, long nowNanos) {
            return new State(
                    definition, health, nowNanos, critical() ? criticalAtNanos : nowNanos, expiry, maintenance);
        }

        State withMaintenance(String reason) {
            return new State(definition, reported, reportedAtNanos, criticalAtNanos, expired, reason);
        }

        /** Returns the state under another definition; the report remains valid if the check is the same. */
        State withDefinition(ConsulDefinition other, long nowNanos) {
            ConsulDefinition redefined = other.startedAt(definition.instance().startedAt());
            return redefined.sameCheck(definition)
                    ? new State(redefined, reported, reportedAtNanos, criticalAtNanos, expired, maintenance)
                    : of(redefined, nowNanos, maintenance);
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

    private ConsulInstance(ConsulDefinition definition, String maintenance, String owner, Agent agent) {
        this.agent = agent;
        this.owner = owner;
        this.time = agent.time;
        this.state = State.of(definition, time.nanoTime(), maintenance);
        this.registration = agent.registry.register(state.instance());
    }

    /** Starts the probes of the check if it has any. */
    private ConsulInstance checked() {
        ConsulCheck check = state.definition.check();
        if (check.kind().probes()) {
            probing = HealthCheck.start(
                    state.definition.instance().id(),
                    check.probe(agent.probes, agent.networks, time),
                    check.policy(),
                    state.reported,
                    this::found,
                    time,
                    RandomSource.system());
        }
        return this;
    }

    private void stopProbing() {
        if (probing != null) {
            probing.close();
            probing = null;
        }
    }

    private synchronized void found(ServiceHealth health) {
        if (!deregistered) {
            updateHealth(state.withReport(health, false, time.nanoTime()));
        }
    }

    /**
     * Registers an instance.
     *
     * @throws IOException if it cannot be stored; then it is not registered
     */
    static ConsulInstance register(ConsulDefinition definition, String owner, Agent agent) throws IOException {
        var instance = new ConsulInstance(definition, "", owner, agent);
        try {
            instance.save();
            return instance.checked();
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
    static ConsulInstance restore(byte[] stored, Agent agent) {
        Map<?, ?> body = ConsulDefinition.object(stored);
        String startedAt = ConsulDefinition.text(body, STARTED_AT, "");
        String maintenance = ConsulDefinition.text(body, MAINTENANCE, "");
        String owner = ConsulDefinition.text(body, OWNER, "");
        body.keySet().removeAll(Set.of(STARTED_AT, MAINTENANCE, OWNER));
        var definition = ConsulDefinition.read(body, agent.time.instant()).startedAt(Instant.parse(startedAt));
        return new ConsulInstance(definition, maintenance, owner, agent).checked();
    }

    /** Changes the definition; if the registry rejects it or it cannot be stored, nothing changes. */
    synchronized void define(ConsulDefinition other) throws IOException {
        State before = state;
        update(before.withDefinition(other, time.nanoTime()));
        try {
            save();
        } catch (IOException e) {
            update(before);
            throw e;
        }
        if (!other.check().equals(before.definition.check())) {
            stopProbing();
            checked();
        }
    }

    private void update(State next) {
        ServiceInstance before = state.instance();
        ServiceInstance after = next.instance();
        if (!after.service().equals(before.service())) {
            registration.close();
            try {
                registration = agent.registry.register(after);
            } catch (RuntimeException e) {
                registration = agent.registry.register(before);
                throw e;
            }
        } else {
            registration.update(after);
            if (!registration.instance().health().equals(after.health())) {
                registration.report(after.health());
            }
        }
        state = next;
    }

    /** Records a report of a check; returns false if it is not the check of this instance. */
    synchronized boolean report(String check, ServiceHealth health) throws IOException {
        ConsulCheck own = state.definition.check();
        if (deregistered || own.kind() == ConsulCheck.Kind.NONE || !own.id().equals(check)) {
            return false;
        }
        if (own.kind() != ConsulCheck.Kind.TTL) {
            throw new IllegalArgumentException("CheckID \"" + check + "\" does not have associated TTL");
        }
        updateHealth(state.withReport(health, false, time.nanoTime()));
        return true;
    }

    private void updateHealth(State next) {
        registration.report(next.instance().health());
        unsaved |= next.reported.status() != state.reported.status() || !next.maintenance.equals(state.maintenance);
        state = next;
    }

    /** Begins maintenance, or ends it if the reason is empty; returns false if the instance is not registered. */
    synchronized boolean maintain(String reason) throws IOException {
        if (deregistered) {
            return false;
        }
        updateHealth(state.withMaintenance(reason));
        save();
        return true;
    }

    /** Expires the last report if its TTL has passed; returns whether the instance is to be deregistered. */
    synchronized boolean expire() throws IOException {
        ConsulCheck check = state.definition.check();
        long now = time.nanoTime();
        if (deregistered) {
            return false;
        }
        if (check.kind() == ConsulCheck.Kind.TTL
                && !state.expired
                && now - state.reportedAtNanos >= check.ttl().toNanos()) {
            var health = new ServiceHealth(Status.CRITICAL, "TTL expired", time.instant(), Map.of());
            updateHealth(state.withReport(health, true, now));
        }
        return state.critical()
                && check.deregisterAfter().isPositive()
                && now - state.criticalAtNanos > check.deregisterAfter().toNanos();
    }

    /** Stores changes that are not stored yet. */
    synchronized void saveChanges() throws IOException {
        if (unsaved && !deregistered) {
            save();
        }
    }

    private void save() throws IOException {
        Map<String, Object> body = state.body();
        if (!owner.isEmpty()) {
            body.put(OWNER, owner);
        }
        agent.files.save(state.definition.instance().id(), body);
        unsaved = false;
    }

    /** @throws IOException if its file cannot be deleted; then it stays registered */
    synchronized void deregister() throws IOException {
        agent.files.delete(state.definition.instance().id());
        deregistered = true;
        stopProbing();
        registration.close();
    }

    /** Removes the instance from the registry and keeps its file, because another file cannot be restored. */
    void withdraw() {
        close();
        registration.close();
    }

    /** Stops the probes; the instance stays registered. */
    synchronized void close() {
        stopProbing();
    }

    String owner() {
        return owner;
    }

    ServiceInstance instance() {
        return registration.instance();
    }

    /** Returns the id of its check; empty if it has none. */
    synchronized String checkId() {
        ConsulCheck check = state.definition.check();
        return check.kind() == ConsulCheck.Kind.NONE ? "" : check.id();
    }
}
