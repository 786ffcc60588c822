package dev.treaty.registry.client;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.discovery.ServiceRegistry.Registration;
import dev.treaty.core.time.Promise;
import dev.treaty.registry.RegistryLimits;
import dev.treaty.registry.changes.ChangeLog;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * One instance that a {@link LeaseKeeper} keeps registered: what is wished for, what the registry has acknowledged, and
 * what is therefore to be done next. The owner of the registration changes the wish; the keeper asks {@link #next} and
 * tells what came of it.
 */
final class ManagedRegistration implements Registration {
    /** What the keeper has to do. */
    sealed interface Step {
        /** The registry knows what is wished, or has refused it. */
        record Nothing() implements Step {}

        /** It is too early to register again. */
        record Later(long nanos) implements Step {}

        record Register(ServiceInstance wished) implements Step {}

        record Report(ServiceInstance wished) implements Step {}

        record Deregister() implements Step {}

        /** It is over. */
        record Over() implements Step {}
    }

    final String id;
    final String token;
    private final LeaseKeeper keeper;
    private final ReentrantLock lock = new ReentrantLock();
    private ServiceInstance wished;
    private @Nullable ServiceInstance acknowledged;
    private @Nullable Fault refused;
    private @Nullable Fault told; // the refusal that was last made known
    private boolean asked; // the registry may know of it
    private boolean waiting = true; // register() has not returned yet
    private boolean draining;
    private boolean closing;
    private boolean delayed;
    private long notBeforeNanos;
    private Promise<Boolean> settled = new Promise<>();

    ManagedRegistration(ServiceInstance wished, String token, LeaseKeeper keeper) {
        this.id = wished.id();
        this.token = token;
        this.keeper = keeper;
        this.wished = wished;
    }

    @Override
    public ServiceInstance instance() {
        lock.lock();
        try {
            return wished;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void report(ServiceHealth health) {
        wish(health, false);
    }

    @Override
    public void drain() {
        keeper.await(wish(ServiceHealth.of(ServiceHealth.Status.DRAINING, keeper.now()), true));
    }

    @Override
    public boolean acknowledged(Duration patience) {
        return settled().now() != null && keeper.heard(this, patience);
    }

    private Promise<Boolean> wish(ServiceHealth health, boolean drain) {
        try {
            RegistryLimits.check("instance " + id, health);
        } catch (ServiceException e) {
            throw new IllegalArgumentException(e.fault().message(), e);
        }
        boolean news = false;
        Promise<Boolean> done;
        lock.lock();
        try {
            // Once an instance drains, a health check that still finds it well must not bring it back.
            if (!closing && !draining && !ChangeLog.same(wished, wished.withHealth(health))) {
                wished = wished.withHealth(health);
                settled = new Promise<>();
                news = true;
            }
            draining |= drain;
            delayed &= !drain;
            done = settled;
        } finally {
            lock.unlock();
        }
        if (news) {
            keeper.wake();
        }
        return done;
    }

    @Override
    public void close() {
        keeper.await(closing());
    }

    /** Wishes it away. */
    Promise<Boolean> closing() {
        Promise<Boolean> gone;
        lock.lock();
        try {
            if (!closing) {
                closing = true;
                settled = new Promise<>();
            }
            gone = settled;
        } finally {
            lock.unlock();
        }
        keeper.wake();
        return gone;
    }

    /** Kept when the registry knows what is wished now, or refuses it. */
    Promise<Boolean> settled() {
        lock.lock();
        try {
            return settled;
        } finally {
            lock.unlock();
        }
    }

    /** What is to be done next, at that time. */
    Step next(long nowNanos) {
        lock.lock();
        try {
            if (closing) {
                return asked ? new Step.Deregister() : new Step.Over();
            }
            if (refused != null || wished.equals(acknowledged)) {
                settled.complete(true);
                return new Step.Nothing();
            }
            if (acknowledged != null) {
                return new Step.Report(wished);
            }
            if (delayed && notBeforeNanos - nowNanos > 0) {
                return new Step.Later(notBeforeNanos - nowNanos);
            }
            asked = true;
            return new Step.Register(wished);
        } finally {
            lock.unlock();
        }
    }

    /** The registry knows that. */
    void acknowledge(ServiceInstance known) {
        lock.lock();
        try {
            acknowledged = known;
            delayed = false;
            told = null;
        } finally {
            lock.unlock();
        }
    }

    /** The registry does not know it any more: register again, but not before that. */
    void lost(long notBefore) {
        lock.lock();
        try {
            if (acknowledged != null) {
                acknowledged = null;
                delayed = !draining;
                notBeforeNanos = notBefore;
            }
        } finally {
            lock.unlock();
        }
    }

    /** It was taken out of the registry. */
    void gone() {
        lock.lock();
        try {
            asked = false;
        } finally {
            lock.unlock();
        }
    }

    /**
     * The registry refuses it.
     *
     * @return true where nobody has been told of that yet
     */
    boolean refuse(Fault fault) {
        lock.lock();
        try {
            refused = fault;
            asked = acknowledged != null && !closing;
            boolean news = !waiting && !closing && !fault.equals(told);
            if (news) {
                told = fault;
            }
            return news;
        } finally {
            lock.unlock();
        }
    }

    /** A refusal may be over by now. */
    void tryAgain() {
        lock.lock();
        try {
            refused = null;
        } finally {
            lock.unlock();
        }
    }

    Optional<Fault> refused() {
        lock.lock();
        try {
            return Optional.ofNullable(refused);
        } finally {
            lock.unlock();
        }
    }

    /** Whoever registered it has been answered; gives back a refusal that will stay one. */
    Optional<Fault> answered() {
        lock.lock();
        try {
            waiting = false;
            return Optional.ofNullable(refused)
                    .filter(fault -> fault.code() == Code.INVALID_ARGUMENT || fault.code() == Code.ALREADY_EXISTS);
        } finally {
            lock.unlock();
        }
    }

    /** True where its lease is to be renewed. */
    boolean held() {
        lock.lock();
        try {
            return acknowledged != null && !closing;
        } finally {
            lock.unlock();
        }
    }
}
