package dev.treaty.registry.client;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.IncompatibleContractException;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.discovery.ServiceRegistry.Registration;
import dev.treaty.core.event.BackgroundThread;
import dev.treaty.core.time.Promise;
import dev.treaty.registry.RegistryLimits;
import dev.treaty.registry.RegistryProtocol;
import dev.treaty.registry.client.RegistryConnection.Requester;
import dev.treaty.registry.server.RegistryTable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Keeps the instances of this process registered. One thread compares the desired state with what the registry has
 * acknowledged, and sends the difference: registrations, health, deregistrations, contracts, and about every third of a
 * lease one renewal of all leases. Whatever the registry has lost, by a restart or an expired lease, is a difference
 * again.
 *
 * <p>The thread is a platform thread: if calls keep all carriers of virtual threads busy, other virtual threads may
 * wait for longer than a lease lasts.
 *
 * <p>A lost instance is registered again at a random moment within a third of a lease. All processes notice a restart
 * of the registry at about the same time, and would otherwise all register at once.
 */
public final class LeaseKeeper implements AutoCloseable {
    /** The most registrations of a process, all of which are renewed in one request, and the most contracts. */
    private static final int DESIRED_MAX = RegistryLimits.BATCH_MAX;

    static final long IDLE_NANOS = Duration.ofHours(1).toNanos();

    final RegistryConnection connection;
    private final Map<String, ManagedRegistration> registrations = new LinkedHashMap<>();

    /** In the order of publishing; of each version the last one, and those whose publish() has not returned. */
    private final List<Publication> publications = new ArrayList<>();

    private final Promise<Boolean> closed = new Promise<>();
    private final Promise<Boolean> ended = new Promise<>();
    private final Thread thread;
    private Promise<Boolean> wake = new Promise<>();
    private String epoch = "";
    private long leaseNanos;
    private long renewAtNanos;

    public LeaseKeeper(RegistryConnection connection) {
        this.connection = connection;
        this.leaseNanos = connection.policy.lease().toNanos();
        this.renewAtNanos = connection.time.nanoTime();
        this.thread =
                BackgroundThread.platform("treaty-registry-keeper", connection.time, connection.events, this::run);
    }

    public void start() {
        thread.start();
    }

    /** Lets the thread compare again. */
    synchronized void wake() {
        wake.complete(true);
    }

    public Registration register(ServiceInstance instance) {
        var registration = new ManagedRegistration(instance, RegistryTable.token(connection.random), this);
        add(registration);
        awaitAnswer(registration, () -> forget(registration));
        return registration;
    }

    /** Waits for the registry's answer to what is desired, which is taken back if it is refused for ever. */
    void awaitAnswer(Desired desired, Runnable takeBack) {
        wake();
        connection.await(desired.settled());
        endAwaiting(desired, takeBack);
    }

    private void endAwaiting(Desired desired, Runnable takeBack) {
        desired.endAwaiting().ifPresent(refused -> {
            String message = refusal(desired).orElse(refused.message());
            takeBack.run();
            wake();
            throw refused.code() == Code.FAILED_PRECONDITION
                    ? new IncompatibleContractException(message)
                    : new IllegalArgumentException(message);
        });
    }

    private synchronized void add(ManagedRegistration registration) {
        checkOpen();
        if (registrations.size() >= DESIRED_MAX) {
            throw new IllegalStateException(
                    "this process has " + DESIRED_MAX + " registrations, which is the limit: close unused ones");
        }
        if (registrations.putIfAbsent(registration.id, registration) != null) {
            throw new IllegalArgumentException("instance " + registration.id
                    + " is registered by this process already: choose another id, or close that registration");
        }
    }

    private synchronized void forget(ManagedRegistration registration) {
        registrations.remove(registration.id, registration);
    }

    private Optional<String> refusal(Desired desired) {
        return desired.refusal().map(refused -> "the registry " + connection.address + " refuses " + refused);
    }

    public void publish(ServiceContract contract, boolean force) {
        checkOpen();
        int length = contract.text().length();
        if (length > RegistryLimits.CONTRACT_LENGTH_MAX) {
            throw new IllegalArgumentException("the contract of " + contract.name() + " has " + length
                    + " characters: at most " + RegistryLimits.CONTRACT_LENGTH_MAX + " are allowed");
        }
        var publication = new Publication(contract, force, this);
        add(publication);
        wake();
        connection.awaitDecision(publication.settled());
        endAwaiting(publication, () -> forget(publication));
        forgetReplaced(contract);
    }

    private synchronized void add(Publication publication) {
        publications.add(publication);
        forgetReplaced(publication.contract);
        if (publications.size() > DESIRED_MAX) {
            publications.remove(publication);
            throw new IllegalStateException("this process publishes " + DESIRED_MAX + " contracts already");
        }
    }

    private synchronized void forget(Publication publication) {
        publications.remove(publication);
    }

    private synchronized void forgetReplaced(ServiceContract contract) {
        List<Publication> same = publications.stream()
                .filter(each -> each.isOf(contract.name(), contract.version()))
                .toList();
        publications.removeIf(each -> same.contains(each) && !each.isAwaited() && !each.equals(same.getLast()));
    }

    /** No longer keeps the contract of a version published. */
    public synchronized void withdraw(ServiceName service, Version version) {
        checkOpen();
        publications.removeIf(publication -> publication.isOf(service, version));
    }

    /** Throws {@link IllegalStateException} if this client is closed. */
    public void checkOpen() {
        if (closed.now() != null) {
            throw new IllegalStateException("the client of the registry " + connection.address + " is closed");
        }
    }

    /** Returns the newest contract that this process has published for a service. */
    public synchronized Optional<ServiceContract> contract(ServiceName service) {
        return publications.stream()
                .map(publication -> publication.contract)
                .filter(contract -> contract.name().equals(service))
                .max(Comparator.comparing(ServiceContract::version));
    }

    /** Returns what the registry refuses, in one sentence. */
    public Optional<String> problem() {
        return all().stream().flatMap(desired -> refusal(desired).stream()).findFirst();
    }

    /** Renews all leases now, to learn whether the registry still has them. */
    public synchronized void renewNow() {
        renewAtNanos = connection.time.nanoTime();
        wake.complete(true);
    }

    /** Waits until all clients have acknowledged an instance's state; false if that is not known in time. */
    boolean awaitAcknowledged(ManagedRegistration registration, Duration timeout) {
        try {
            return timeout.isPositive()
                    && connection.awaitAcknowledged(
                            timeout,
                            waitMillis -> registry -> registry.heard(registration.id, registration.token, waitMillis));
        } catch (ServiceException e) {
            return false; // the registry is unreachable, or does not know the instance
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** Deregisters all instances, as far as the registry answers within the policy's patience, and ends. */
    @Override
    public void close() {
        closed.complete(true);
        registrations().forEach(ManagedRegistration::startClosing);
        wake();
        connection.await(ended);
        thread.interrupt();
    }

    private void run() {
        try {
            keep();
        } catch (InterruptedException e) {
            // Closed while the registry did not answer: the leases expire by themselves.
        }
        ended.complete(true);
        all().forEach(desired -> desired.settled().complete(true));
    }

    private void keep() throws InterruptedException {
        for (int failures = 0; ; ) {
            Promise<Boolean> woken = nextWake();
            long pause;
            try {
                pause = Math.min(reconcile(), untilRenewalNanos());
                failures = 0;
            } catch (ServiceException e) {
                connection.failed(Requester.LEASE_KEEPER, e.fault());
                pause = connection.pauseNanos(++failures);
            }
            if (done(failures)) {
                return;
            }
            if (closed.now() == null) {
                Thread.interrupted(); // set by a subscriber
            }
            // A failing registry gets its pause, whatever else is desired in the meantime.
            (failures == 0 ? woken : closed).await(connection.time, pause);
        }
    }

    private synchronized Promise<Boolean> nextWake() {
        wake = new Promise<>();
        return wake;
    }

    private synchronized boolean done(int failures) {
        return closed.now() != null && (registrations.isEmpty() || failures > 0);
    }

    private synchronized long untilRenewalNanos() {
        return all().isEmpty() ? IDLE_NANOS : Math.max(0, renewAtNanos - connection.time.nanoTime());
    }

    /**
     * Sends every difference between the desired state and what the registry has acknowledged.
     *
     * @return nanoseconds until an instance has to be registered again
     */
    private long reconcile() throws InterruptedException {
        if (renewalDue()) {
            renew();
        }
        long pause = IDLE_NANOS;
        for (Desired desired : all()) {
            pause = Math.min(pause, settle(desired));
        }
        return pause;
    }

    private synchronized List<ManagedRegistration> registrations() {
        return List.copyOf(registrations.values());
    }

    private synchronized List<Desired> all() {
        var all = new ArrayList<Desired>(registrations.values());
        all.addAll(publications);
        return all;
    }

    private synchronized boolean renewalDue() {
        boolean due = renewAtNanos - connection.time.nanoTime() <= 0;
        if (due) {
            all().forEach(Desired::retry);
            renewAtNanos = nextRenewalNanos();
        }
        return due
                && (!publications.isEmpty() || registrations.values().stream().anyMatch(ManagedRegistration::held));
    }

    /** A third of the lease leaves two more tries; jitter keeps processes that started together apart. */
    private long nextRenewalNanos() {
        long third = leaseNanos / 3;
        return connection.time.nanoTime() + third - connection.random.nextLong(third / 2 + 1);
    }

    private void renew() throws InterruptedException {
        List<ManagedRegistration> held =
                registrations().stream().filter(ManagedRegistration::held).toList();
        List<RegistryProtocol.Lease> leases = held.stream()
                .map(registration -> new RegistryProtocol.Lease(registration.id, registration.token))
                .toList();
        try {
            var renewed = connection.call(registry -> registry.renew(leases));
            answeredBy(renewed.epoch());
            held.stream()
                    .filter(registration -> renewed.unknown().contains(registration.id))
                    .forEach(this::lost);
        } catch (ServiceException e) {
            renewNow();
            throw e;
        }
    }

    /** For contracts nothing shows whether a registry that has restarted knows them, so they are published again. */
    private void answeredBy(String answeredEpoch) {
        synchronized (this) {
            if (!epoch.equals(answeredEpoch)) {
                epoch = answeredEpoch;
                publications.forEach(Publication::lost);
            }
        }
        connection.answered(Requester.LEASE_KEEPER, answeredEpoch);
    }

    private synchronized boolean isEpochUnknown() {
        return epoch.isEmpty();
    }

    private synchronized void lost(ManagedRegistration registration) {
        registration.lost(connection.time.nanoTime() + connection.random.nextLong(leaseNanos / 3 + 1));
    }

    /** Takes the next steps; returns nanoseconds until the step after that. */
    private long settle(Desired desired) throws InterruptedException {
        while (true) {
            try {
                long pause = desired.next(connection.time.nanoTime()).run();
                if (pause > 0) {
                    return pause;
                }
            } catch (ServiceException e) {
                if (!RegistryConnection.isRefusal(e.fault())) {
                    throw e;
                }
                connection.answered(Requester.LEASE_KEEPER, "");
                if (desired.refuse(e.fault())) {
                    refusal(desired).ifPresent(connection::refused);
                }
            }
        }
    }

    long end(ManagedRegistration registration) {
        forget(registration); // before completing the promise: close() lets the id be used again
        registration.settled().complete(true);
        return IDLE_NANOS;
    }

    /**
     * Publishes a contract. The answer has no epoch, so that is known before: otherwise the first answer with one would
     * look like a restart of the registry, and bring back what an operator has withdrawn in the meantime.
     */
    long publish(Publication publication, boolean force) throws InterruptedException {
        if (isEpochUnknown()) {
            answeredBy(connection.call(registry -> registry.renew(List.of())).epoch());
        }
        connection.call(registry -> {
            registry.publish(publication.contract.text(), force);
            return true;
        });
        publication.acknowledge();
        connection.answered(Requester.LEASE_KEEPER, "");
        return 0;
    }

    long deregister(ManagedRegistration registration) throws InterruptedException {
        connection.call(registry -> {
            registry.deregister(registration.id, registration.token);
            return true;
        });
        connection.answered(Requester.LEASE_KEEPER, "");
        registration.deregistered();
        return 0;
    }

    long register(ManagedRegistration registration, ServiceInstance desired) throws InterruptedException {
        var granted = connection.call(registry -> registry.register(
                RegistryProtocol.Instance.of(desired),
                registration.token,
                connection.policy.lease().toMillis()));
        registration.acknowledge(desired);
        synchronized (this) {
            leaseNanos = Duration.ofMillis(Math.max(1, granted.leaseMillis())).toNanos();
            long renewAt = nextRenewalNanos();
            renewAtNanos = renewAt - renewAtNanos < 0 ? renewAt : renewAtNanos;
        }
        answeredBy(granted.epoch());
        return 0;
    }

    long report(ManagedRegistration registration, ServiceInstance desired) throws InterruptedException {
        try {
            connection.call(registry -> {
                registry.report(registration.id, registration.token, RegistryProtocol.Health.of(desired.health()));
                return true;
            });
            registration.acknowledge(desired);
        } catch (ServiceException e) {
            if (e.code() != Code.NOT_FOUND) {
                throw e;
            }
            lost(registration);
        }
        connection.answered(Requester.LEASE_KEEPER, "");
        return 0;
    }
}
