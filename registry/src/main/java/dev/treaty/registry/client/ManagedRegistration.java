package dev.treaty.registry.client;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.discovery.ServiceRegistry.Registration;
import dev.treaty.registry.changes.ChangeLog;
import dev.treaty.registry.server.Requests;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** An instance that a {@link LeaseKeeper} keeps registered: its desired state, and the one that is acknowledged. */
final class ManagedRegistration extends Desired implements Registration {
    final String id;
    final String token;
    private final LeaseKeeper keeper;
    private ServiceInstance desired;
    private @Nullable ServiceInstance acknowledged;
    private boolean requested; // the registry may know the instance
    private boolean draining;
    private boolean closing;
    private boolean delayed;
    private long notBeforeNanos;

    /** @throws IllegalArgumentException if the instance's health is over the limit */
    ManagedRegistration(ServiceInstance desired, String token, LeaseKeeper keeper) {
        super("instance " + desired.id() + " of " + desired.service());
        this.id = desired.id();
        this.token = token;
        this.keeper = keeper;
        this.desired = desired;
        check(desired.health());
    }

    private void check(ServiceHealth health) {
        try {
            Requests.checkHealth(id, health);
        } catch (ServiceException e) {
            throw new IllegalArgumentException(e.fault().message(), e);
        }
    }

    @Override
    public synchronized ServiceInstance instance() {
        return desired;
    }

    @Override
    public void report(ServiceHealth health) {
        change(health, false);
    }

    @Override
    public void update(ServiceInstance instance) {
        ServiceInstance before;
        synchronized (this) {
            before = desired;
            Requests.checkUpdate(before, instance);
            ServiceInstance changed = instance.withHealth(before.health());
            if (closing || changed.equals(before)) {
                return;
            }
            want(changed);
            beginAwaiting();
        }
        keeper.awaitAnswer(this, () -> want(before.withHealth(desired.health())));
    }

    /** Sets the desired state, which the registry has not answered yet. */
    private synchronized void want(ServiceInstance changed) {
        desired = changed;
        retry();
        unsettle();
    }

    @Override
    public void drain() {
        change(ServiceHealth.of(ServiceHealth.Status.DRAINING, keeper.connection.time.instant()), true);
        keeper.connection.await(settled());
    }

    @Override
    public boolean acknowledged(Duration patience) {
        return settled().now() != null && keeper.awaitAcknowledged(this, patience);
    }

    private void change(ServiceHealth health, boolean drain) {
        check(health);
        boolean changed;
        synchronized (this) {
            // Once an instance drains, a health check that still passes must not bring it back.
            changed = !closing && !draining && !ChangeLog.same(desired, desired.withHealth(health));
            if (changed) {
                desired = desired.withHealth(health);
                unsettle();
            }
            draining |= drain;
            delayed &= !drain;
        }
        if (changed) {
            keeper.wake();
        }
    }

    @Override
    public void close() {
        startClosing();
        keeper.connection.await(settled());
    }

    void startClosing() {
        synchronized (this) {
            if (!closing) {
                closing = true;
                unsettle();
            }
        }
        keeper.wake();
    }

    @Override
    boolean isPermanent(Fault refusal) {
        return refusal.code() == Code.INVALID_ARGUMENT || refusal.code() == Code.ALREADY_EXISTS;
    }

    @Override
    synchronized Step next(long nowNanos) {
        if (closing) {
            return requested ? () -> keeper.deregister(this) : () -> keeper.end(this);
        }
        ServiceInstance state = desired;
        if (refusal().isPresent() || state.equals(acknowledged)) {
            settled().complete(true);
            return () -> LeaseKeeper.IDLE_NANOS;
        }
        if (acknowledged != null && state.withHealth(acknowledged.health()).equals(acknowledged)) {
            return () -> keeper.report(this, state);
        }
        if (delayed && notBeforeNanos - nowNanos > 0) {
            return () -> notBeforeNanos - nowNanos;
        }
        requested = true;
        return () -> keeper.register(this, state);
    }

    /** The registry has acknowledged a state. */
    synchronized void acknowledge(ServiceInstance state) {
        acknowledged = state;
        delayed = false;
        accepted();
    }

    /** The registry does not know the instance any more: it has to be registered again, but not before a time. */
    synchronized void lost(long notBefore) {
        if (acknowledged != null) {
            acknowledged = null;
            delayed = !draining;
            notBeforeNanos = notBefore;
        }
    }

    /** The registry has removed the instance. */
    synchronized void deregistered() {
        requested = false;
    }

    @Override
    synchronized boolean refuse(Fault fault) {
        requested = acknowledged != null && !closing;
        return super.refuse(fault) && !closing;
    }

    /** Whether its lease has to be renewed. */
    synchronized boolean held() {
        return acknowledged != null && !closing;
    }
}
