package dev.treaty.registry;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.discovery.ServiceRegistry.Registration;
import dev.treaty.core.time.Promise;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Keeps registered what this process wants registered. One thread compares what is wished for with what the registry
 * has acknowledged, and asks for the difference: registrations, health, deregistrations, contracts, and every third of
 * a lease a renewal of them all. Whatever the registry forgot, by a restart or an ended lease, is a difference again.
 */
final class LeaseKeeper implements AutoCloseable {
    /** The most registrations that a process may keep. */
    static final int REGISTRATIONS_MAX = 1_024;

    private final Upstream upstream;
    private final ReentrantLock lock = new ReentrantLock();
    private final Map<String, Kept> kept = new LinkedHashMap<>();
    private final Publications publications;
    private final Promise<Boolean> closed = new Promise<>();
    private final Promise<Boolean> ended = new Promise<>();
    private final Thread thread =
            Thread.ofVirtual().name("treaty-registry-keeper").unstarted(this::run);
    private Promise<Boolean> wake = new Promise<>();
    private String epoch = "";
    private long leaseNanos;
    private long renewAtNanos;

    LeaseKeeper(Upstream upstream) {
        this.upstream = upstream;
        this.publications = new Publications(upstream);
        this.leaseNanos = upstream.policy.lease().toNanos();
        this.renewAtNanos = upstream.time.nanoTime();
    }

    void start() {
        thread.start();
    }

    /** An instance that is being kept registered; guarded by the lock of its keeper. */
    private final class Kept implements Registration {
        final String id;
        final String token = RegistryTable.token(upstream.random);
        ServiceInstance wished;

        @Nullable
        ServiceInstance acknowledged;

        @Nullable
        Fault refused;

        @Nullable
        Fault told; // the refusal that was last made known

        boolean asked; // the registry may know of it
        boolean waiting = true; // register() has not returned yet
        boolean draining;
        boolean closing;
        Promise<Boolean> settled = new Promise<>();

        Kept(ServiceInstance wished) {
            this.id = wished.id();
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
            await(wish(ServiceHealth.of(ServiceHealth.Status.DRAINING, upstream.time.instant()), true));
        }

        private Promise<Boolean> wish(ServiceHealth health, boolean drain) {
            checkHealth(id, health);
            lock.lock();
            try {
                // Once an instance drains, a health check that still finds it well must not bring it back.
                if (!closing && !draining && !Catalog.same(wished, wished.withHealth(health))) {
                    wished = wished.withHealth(health);
                    settled = new Promise<>();
                    wake.complete(true);
                }
                draining |= drain;
                return settled;
            } finally {
                lock.unlock();
            }
        }

        @Override
        public void close() {
            Promise<Boolean> gone;
            lock.lock();
            try {
                if (!closing) {
                    closing = true;
                    settled = new Promise<>();
                    wake.complete(true);
                }
                gone = settled;
            } finally {
                lock.unlock();
            }
            await(gone);
        }
    }

    private static void checkHealth(String id, ServiceHealth health) {
        try {
            RegistryLimits.check("instance " + id, health);
        } catch (ServiceException e) {
            throw new IllegalArgumentException(e.fault().message(), e);
        }
    }

    /** Waits for the registry's answer, as long as the policy has patience; the keeper goes on in any case. */
    private void await(Promise<Boolean> promise) {
        try {
            promise.await(upstream.time, upstream.policy.patience().toNanos());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    Registration register(ServiceInstance instance) {
        try {
            RegistryLimits.check(instance);
        } catch (ServiceException e) {
            throw new IllegalArgumentException(e.fault().message(), e);
        }
        var registration = new Kept(instance);
        lock.lock();
        try {
            refuseWhenClosed();
            if (kept.size() >= REGISTRATIONS_MAX) {
                throw new IllegalStateException("this process keeps " + REGISTRATIONS_MAX
                        + " registrations already: close those that are done");
            }
            if (kept.containsKey(instance.id())) {
                throw new IllegalArgumentException("instance " + instance.id()
                        + " is registered by this process already: choose another id, or close that registration");
            }
            kept.put(instance.id(), registration);
            wake.complete(true);
        } finally {
            lock.unlock();
        }
        await(registration.settled);
        lock.lock();
        try {
            registration.waiting = false;
            Fault refused = registration.refused;
            if (refused != null && (refused.code() == Code.INVALID_ARGUMENT || refused.code() == Code.ALREADY_EXISTS)) {
                kept.remove(instance.id(), registration);
                throw new IllegalArgumentException(refusal(instance, refused));
            }
        } finally {
            lock.unlock();
        }
        return registration;
    }

    private String refusal(ServiceInstance instance, Fault fault) {
        return "the registry " + upstream.address + " refuses instance " + instance.id() + " of " + instance.service()
                + ": " + fault.message();
    }

    void publish(ServiceContract contract, boolean force) {
        lock.lock();
        try {
            refuseWhenClosed();
        } finally {
            lock.unlock();
        }
        publications.publish(contract, force, this::wake);
    }

    private void wake() {
        lock.lock();
        try {
            wake.complete(true);
        } finally {
            lock.unlock();
        }
    }

    private void refuseWhenClosed() {
        if (closed.now() != null) {
            throw new IllegalStateException("the client of the registry " + upstream.address + " is closed");
        }
    }

    /** What this process published under that name itself. */
    Optional<ServiceContract> contract(ServiceName service) {
        return publications.newest(service);
    }

    /** What the registry refuses to keep, in one sentence. */
    Optional<String> trouble() {
        lock.lock();
        try {
            for (Kept registration : kept.values()) {
                Fault refused = registration.refused;
                if (refused != null) {
                    return Optional.of(refusal(registration.wished, refused));
                }
            }
            return publications.trouble();
        } finally {
            lock.unlock();
        }
    }

    /** Looks at once whether the registry still knows everything. */
    void check() {
        lock.lock();
        try {
            renewAtNanos = upstream.time.nanoTime();
            wake.complete(true);
        } finally {
            lock.unlock();
        }
    }

    /** Takes everything out of the registry, as far as it can be reached within the policy's patience, and ends. */
    @Override
    public void close() {
        lock.lock();
        try {
            closed.complete(true);
            kept.values().forEach(registration -> registration.closing = true);
            wake.complete(true);
        } finally {
            lock.unlock();
        }
        await(ended);
        thread.interrupt();
    }

    private void run() {
        try {
            int failures = 0;
            while (true) {
                Promise<Boolean> woken;
                lock.lock();
                try {
                    wake = new Promise<>();
                    woken = wake;
                } finally {
                    lock.unlock();
                }
                long pause;
                try {
                    reconcile();
                    failures = 0;
                    pause = renewPauseNanos();
                } catch (ServiceException e) {
                    upstream.failed(e.fault());
                    pause = upstream.pauseNanos(++failures);
                }
                if (done(failures)) {
                    return;
                }
                if (failures == 0) {
                    woken.await(upstream.time, pause);
                } else {
                    closed.await(upstream.time, pause); // however much is wished for, a registry in trouble is spared
                }
            }
        } catch (InterruptedException e) {
            // Closed while the registry did not answer: the leases end by themselves.
        } finally {
            ended.complete(true);
            registrations().forEach(registration -> registration.settled.complete(true));
            publications.end();
        }
    }

    private boolean done(int failures) {
        lock.lock();
        try {
            return closed.now() != null && (kept.isEmpty() || failures > 0);
        } finally {
            lock.unlock();
        }
    }

    private long renewPauseNanos() {
        lock.lock();
        try {
            return kept.isEmpty() && publications.isEmpty()
                    ? Duration.ofHours(1).toNanos()
                    : Math.max(0, renewAtNanos - upstream.time.nanoTime());
        } finally {
            lock.unlock();
        }
    }

    /** Asks the registry for every difference between what is wished and what it has acknowledged. */
    private void reconcile() throws InterruptedException {
        if (renewalDue()) {
            renew();
        }
        for (Kept registration : registrations()) {
            settle(registration);
        }
        publications.reconcile();
    }

    private List<Kept> registrations() {
        lock.lock();
        try {
            return List.copyOf(kept.values());
        } finally {
            lock.unlock();
        }
    }

    private boolean renewalDue() {
        lock.lock();
        try {
            boolean something =
                    !publications.isEmpty() || kept.values().stream().anyMatch(k -> k.acknowledged != null);
            boolean due = renewAtNanos - upstream.time.nanoTime() <= 0;
            if (due) {
                kept.values().forEach(registration -> registration.refused = null); // a refusal may be over by now
                publications.retry();
                renewAtNanos = upstream.time.nanoTime() + renewNanos();
            }
            return due && something;
        } finally {
            lock.unlock();
        }
    }

    /** A third of the lease leaves two more tries; chance keeps processes started together from staying together. */
    private long renewNanos() {
        long third = leaseNanos / 3;
        return third - upstream.random.nextLong(third / 4 + 1);
    }

    private void renew() throws InterruptedException {
        var leases = new ArrayList<RegistryProtocol.Lease>();
        lock.lock();
        try {
            for (Kept registration : kept.values()) {
                if (registration.acknowledged != null && !registration.closing) {
                    leases.add(new RegistryProtocol.Lease(registration.id, registration.token));
                }
            }
        } finally {
            lock.unlock();
        }
        try {
            var renewed = upstream.ask(Upstream.REQUEST_NANOS, registry -> registry.renew(leases));
            seen(renewed.epoch());
            lock.lock();
            try {
                for (String id : renewed.unknown()) {
                    Kept registration = kept.get(id);
                    if (registration != null) {
                        registration.acknowledged = null;
                    }
                }
            } finally {
                lock.unlock();
            }
        } catch (ServiceException e) {
            check();
            throw e;
        }
    }

    /** Another start of the registry answers: what the one before acknowledged says nothing any more. */
    private void seen(String answeredBy) {
        lock.lock();
        try {
            if (!epoch.equals(answeredBy)) {
                epoch = answeredBy;
                publications.forgotten();
                kept.values().forEach(registration -> registration.acknowledged = null);
                wake.complete(true);
            }
        } finally {
            lock.unlock();
        }
        upstream.answered(answeredBy);
    }

    /** Brings one registration to where it is wished. */
    private void settle(Kept registration) throws InterruptedException {
        while (true) {
            ServiceInstance wished;
            ServiceInstance acknowledged;
            boolean closing;
            lock.lock();
            try {
                wished = registration.wished;
                acknowledged = registration.acknowledged;
                closing = registration.closing;
                boolean nothing = closing ? !registration.asked : wished.equals(acknowledged);
                if (nothing || (!closing && registration.refused != null)) {
                    if (closing) {
                        kept.remove(registration.id, registration);
                    }
                    registration.settled.complete(true);
                    return;
                }
                registration.asked = true;
            } finally {
                lock.unlock();
            }
            ask(registration, wished, acknowledged, closing);
        }
    }

    private void ask(Kept registration, ServiceInstance wished, @Nullable ServiceInstance acknowledged, boolean closing)
            throws InterruptedException {
        try {
            if (closing) {
                upstream.ask(Upstream.REQUEST_NANOS, registry -> {
                    registry.deregister(wished.id(), registration.token);
                    return true;
                });
                upstream.answered("");
                forgotten(registration);
            } else if (acknowledged == null) {
                registerNow(registration, wished);
            } else {
                reportNow(registration, wished);
            }
        } catch (ServiceException e) {
            if (!Upstream.refusal(e.fault())) {
                throw e;
            }
            upstream.answered("");
            refused(registration, e.fault());
        }
    }

    private void forgotten(Kept registration) {
        lock.lock();
        try {
            registration.asked = false;
        } finally {
            lock.unlock();
        }
    }

    private void registerNow(Kept registration, ServiceInstance wished) throws InterruptedException {
        var granted = upstream.ask(
                Upstream.REQUEST_NANOS,
                registry -> registry.register(
                        RegistryProtocol.Instance.of(wished),
                        registration.token,
                        upstream.policy.lease().toMillis()));
        seen(granted.epoch());
        lock.lock();
        try {
            registration.acknowledged = wished;
            registration.told = null;
            leaseNanos = Duration.ofMillis(Math.max(1, granted.leaseMillis())).toNanos();
            long renewAt = upstream.time.nanoTime() + renewNanos();
            renewAtNanos = renewAt - renewAtNanos < 0 ? renewAt : renewAtNanos;
        } finally {
            lock.unlock();
        }
    }

    private void reportNow(Kept registration, ServiceInstance wished) throws InterruptedException {
        boolean known;
        try {
            known = upstream.ask(Upstream.REQUEST_NANOS, registry -> {
                registry.report(wished.id(), registration.token, RegistryProtocol.Health.of(wished.health()));
                return true;
            });
        } catch (ServiceException e) {
            if (e.code() != Code.NOT_FOUND) {
                throw e;
            }
            known = false; // the lease has ended: register again
        }
        upstream.answered("");
        lock.lock();
        try {
            registration.acknowledged = known ? wished : null;
        } finally {
            lock.unlock();
        }
    }

    private void refused(Kept registration, Fault fault) {
        boolean tell;
        ServiceInstance wished;
        lock.lock();
        try {
            registration.refused = fault;
            registration.asked = registration.acknowledged != null && !registration.closing;
            tell = !registration.waiting && !registration.closing && !fault.equals(registration.told);
            registration.told = fault;
            wished = registration.wished;
        } finally {
            lock.unlock();
        }
        if (tell) {
            upstream.refused(refusal(wished, fault));
        }
    }
}
