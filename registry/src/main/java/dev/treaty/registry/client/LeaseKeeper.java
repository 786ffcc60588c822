package dev.treaty.registry.client;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.discovery.ServiceRegistry.Registration;
import dev.treaty.core.time.Promise;
import dev.treaty.registry.RegistryLimits;
import dev.treaty.registry.RegistryProtocol;
import dev.treaty.registry.server.RegistryTable;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Keeps registered what this process wants registered. One thread compares what is wished for with what the registry
 * has acknowledged, and asks for the difference: registrations, health, deregistrations, contracts, and about every
 * third of a lease a renewal of them all. Whatever the registry forgot, by a restart or an ended lease, is a difference
 * again.
 *
 * <p>The thread is one of the machine's: where calls keep all carriers of virtual threads busy, other virtual threads
 * may wait for longer than a lease lasts.
 *
 * <p>What was forgotten is registered again at a moment left to chance within a third of a lease. All processes find
 * out at about the same time that a registry has restarted; without that, they would all come back at once.
 */
public final class LeaseKeeper implements AutoCloseable {
    /** The most registrations that a process may keep: their leases are renewed in one request. */
    static final int REGISTRATIONS_MAX = RegistryLimits.BATCH_MAX;

    /** The longest that one question waits for clients to hear of a drain. */
    public static final long HEARD_NANOS = Duration.ofSeconds(20).toNanos();

    private static final long IDLE_NANOS = Duration.ofHours(1).toNanos();

    private final RegistryConnection upstream;
    private final ContractPublisher publications;
    private final ReentrantLock lock = new ReentrantLock();
    private final Map<String, ManagedRegistration> kept = new LinkedHashMap<>();
    private final Promise<Boolean> closed = new Promise<>();
    private final Promise<Boolean> ended = new Promise<>();
    private final Thread thread =
            Thread.ofPlatform().daemon().name("treaty-registry-keeper").unstarted(this::run);
    private Promise<Boolean> wake = new Promise<>();
    private String epoch = "";
    private long leaseNanos;
    private long renewAtNanos;

    public LeaseKeeper(RegistryConnection upstream) {
        this.upstream = upstream;
        this.publications = new ContractPublisher(upstream);
        this.leaseNanos = upstream.policy.lease().toNanos();
        this.renewAtNanos = upstream.time.nanoTime();
    }

    public void start() {
        thread.start();
    }

    Instant now() {
        return upstream.time.instant();
    }

    /** Waits for the registry's answer, as long as the policy has patience; the keeper goes on in any case. */
    void await(Promise<Boolean> promise) {
        try {
            promise.await(upstream.time, upstream.policy.patience().toNanos());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Something is to be compared anew. */
    void wake() {
        lock.lock();
        try {
            wake.complete(true);
        } finally {
            lock.unlock();
        }
    }

    public Registration register(ServiceInstance instance) {
        try {
            RegistryLimits.check(instance);
        } catch (ServiceException e) {
            throw new IllegalArgumentException(e.fault().message(), e);
        }
        var registration = new ManagedRegistration(instance, RegistryTable.token(upstream.random), this);
        lock.lock();
        try {
            refuseWhenClosed();
            if (kept.size() >= REGISTRATIONS_MAX) {
                throw new IllegalStateException("this process keeps " + REGISTRATIONS_MAX
                        + " registrations already: close those that are done");
            }
            if (kept.putIfAbsent(instance.id(), registration) != null) {
                throw new IllegalArgumentException("instance " + instance.id()
                        + " is registered by this process already: choose another id, or close that registration");
            }
            wake.complete(true);
        } finally {
            lock.unlock();
        }
        await(registration.settled());
        Optional<Fault> refused = registration.answered();
        if (refused.isPresent()) {
            forget(registration);
            throw new IllegalArgumentException(refusal(instance, refused.get()));
        }
        return registration;
    }

    private void forget(ManagedRegistration registration) {
        lock.lock();
        try {
            kept.remove(registration.id, registration);
        } finally {
            lock.unlock();
        }
    }

    private String refusal(ServiceInstance instance, Fault fault) {
        return "the registry " + upstream.address + " refuses instance " + instance.id() + " of " + instance.service()
                + ": " + fault.message();
    }

    public void publish(ServiceContract contract, boolean force) {
        refuseWhenClosed();
        publications.publish(contract, force, this::wake);
    }

    private void refuseWhenClosed() {
        if (closed.now() != null) {
            throw new IllegalStateException("the client of the registry " + upstream.address + " is closed");
        }
    }

    /** What this process published under that name itself. */
    public Optional<ServiceContract> contract(ServiceName service) {
        return publications.newest(service);
    }

    /** What the registry refuses to keep, in one sentence. */
    public Optional<String> problem() {
        return registrations().stream()
                .flatMap(registration ->
                        registration.refused().stream().map(fault -> refusal(registration.instance(), fault)))
                .findFirst()
                .or(publications::problem);
    }

    /** Looks at once whether the registry still knows everything. */
    public void check() {
        lock.lock();
        try {
            renewAtNanos = upstream.time.nanoTime();
            wake.complete(true);
        } finally {
            lock.unlock();
        }
    }

    /** Waits until all clients have heard how an instance is now; false where that is not known in time. */
    boolean heard(ManagedRegistration registration, Duration patience) {
        long end = upstream.time.nanoTime() + patience.toNanos();
        try {
            for (long left = patience.toNanos(); left > 0; left = end - upstream.time.nanoTime()) {
                long wait = Math.min(left, HEARD_NANOS);
                var heard = upstream.ask(
                        wait + RegistryConnection.REQUEST_NANOS,
                        registry -> registry.heard(
                                registration.id,
                                registration.token,
                                Duration.ofNanos(wait).toMillis()));
                if (heard.missing() == 0) {
                    return true;
                }
            }
        } catch (ServiceException e) {
            return false; // it cannot be reached, or knows nothing of the instance
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return false;
    }

    /** Takes everything out of the registry, as far as it can be reached within the policy's patience, and ends. */
    @Override
    public void close() {
        closed.complete(true);
        registrations().forEach(ManagedRegistration::closing);
        wake();
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
                    pause = Math.min(reconcile(), renewPauseNanos());
                    failures = 0;
                } catch (ServiceException e) {
                    upstream.failed(RegistryConnection.Asker.KEEPER, e.fault());
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
            publications.end();
            registrations().forEach(registration -> registration.settled().complete(true));
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
        boolean idle = publications.isEmpty();
        lock.lock();
        try {
            return kept.isEmpty() && idle ? IDLE_NANOS : Math.max(0, renewAtNanos - upstream.time.nanoTime());
        } finally {
            lock.unlock();
        }
    }

    /**
     * Asks the registry for every difference between what is wished and what it has acknowledged.
     *
     * @return how long until something is to be registered again
     */
    private long reconcile() throws InterruptedException {
        if (renewalDue()) {
            renew();
        }
        long pause = IDLE_NANOS;
        for (ManagedRegistration registration : registrations()) {
            pause = Math.min(pause, settle(registration));
        }
        publications.reconcile();
        return pause;
    }

    private List<ManagedRegistration> registrations() {
        lock.lock();
        try {
            return List.copyOf(kept.values());
        } finally {
            lock.unlock();
        }
    }

    private boolean renewalDue() {
        boolean something = !publications.isEmpty() || registrations().stream().anyMatch(ManagedRegistration::held);
        lock.lock();
        try {
            boolean due = renewAtNanos - upstream.time.nanoTime() <= 0;
            if (due) {
                kept.values().forEach(ManagedRegistration::tryAgain);
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
        return third - upstream.random.nextLong(third / 2 + 1);
    }

    private void renew() throws InterruptedException {
        var asked = new HashMap<String, ManagedRegistration>();
        var leases = new ArrayList<RegistryProtocol.Lease>();
        for (ManagedRegistration registration : registrations()) {
            if (registration.held()) {
                asked.put(registration.id, registration);
                leases.add(new RegistryProtocol.Lease(registration.id, registration.token));
            }
        }
        try {
            var renewed = upstream.ask(RegistryConnection.REQUEST_NANOS, registry -> registry.renew(leases));
            seen(renewed.epoch());
            for (String id : renewed.unknown()) {
                ManagedRegistration registration = asked.get(id);
                if (registration != null) {
                    lost(registration);
                }
            }
        } catch (ServiceException e) {
            check();
            throw e;
        }
    }

    private void lost(ManagedRegistration registration) {
        registration.lost(upstream.time.nanoTime() + upstream.random.nextLong(leaseNanos / 3 + 1));
    }

    /**
     * Another start of the registry answers. It may know all leases, from its disk, or none: a renewal tells. Of
     * contracts it does not tell, so they are published again.
     */
    private void seen(String answeredBy) {
        boolean other;
        lock.lock();
        try {
            other = !epoch.equals(answeredBy);
            boolean restarted = other && !epoch.isEmpty();
            epoch = answeredBy;
            if (restarted) {
                renewAtNanos = upstream.time.nanoTime();
                wake.complete(true);
            }
        } finally {
            lock.unlock();
        }
        if (other) {
            publications.forgotten();
        }
        upstream.answered(RegistryConnection.Asker.KEEPER, answeredBy);
    }

    /** Brings one registration to where it is wished, or tells how long until that is to be tried. */
    private long settle(ManagedRegistration registration) throws InterruptedException {
        while (true) {
            ManagedRegistration.Step step = registration.next(upstream.time.nanoTime());
            try {
                switch (step) {
                    case ManagedRegistration.Step.Nothing _ -> {
                        return IDLE_NANOS;
                    }
                    case ManagedRegistration.Step.Later(var nanos) -> {
                        return nanos;
                    }
                    case ManagedRegistration.Step.Over _ -> {
                        forget(registration); // first, so that whoever waits may use the id again
                        registration.settled().complete(true);
                        return IDLE_NANOS;
                    }
                    case ManagedRegistration.Step.Deregister _ -> deregister(registration);
                    case ManagedRegistration.Step.Register(var wished) -> register(registration, wished);
                    case ManagedRegistration.Step.Report(var wished) -> report(registration, wished);
                }
            } catch (ServiceException e) {
                if (!RegistryConnection.refusal(e.fault())) {
                    throw e;
                }
                upstream.answered(RegistryConnection.Asker.KEEPER, "");
                if (registration.refuse(e.fault())) {
                    upstream.refused(refusal(registration.instance(), e.fault()));
                }
            }
        }
    }

    private void deregister(ManagedRegistration registration) throws InterruptedException {
        upstream.ask(RegistryConnection.REQUEST_NANOS, registry -> {
            registry.deregister(registration.id, registration.token);
            return true;
        });
        upstream.answered(RegistryConnection.Asker.KEEPER, "");
        registration.gone();
    }

    private void register(ManagedRegistration registration, ServiceInstance wished) throws InterruptedException {
        var granted = upstream.ask(
                RegistryConnection.REQUEST_NANOS,
                registry -> registry.register(
                        RegistryProtocol.Instance.of(wished),
                        registration.token,
                        upstream.policy.lease().toMillis()));
        registration.acknowledge(wished);
        lock.lock();
        try {
            leaseNanos = Duration.ofMillis(Math.max(1, granted.leaseMillis())).toNanos();
            long renewAt = upstream.time.nanoTime() + renewNanos();
            renewAtNanos = renewAt - renewAtNanos < 0 ? renewAt : renewAtNanos;
        } finally {
            lock.unlock();
        }
        seen(granted.epoch());
    }

    private void report(ManagedRegistration registration, ServiceInstance wished) throws InterruptedException {
        try {
            upstream.ask(RegistryConnection.REQUEST_NANOS, registry -> {
                registry.report(registration.id, registration.token, RegistryProtocol.Health.of(wished.health()));
                return true;
            });
            registration.acknowledge(wished);
        } catch (ServiceException e) {
            if (e.code() != Code.NOT_FOUND) {
                throw e;
            }
            lost(registration);
        }
        upstream.answered(RegistryConnection.Asker.KEEPER, "");
    }
}
