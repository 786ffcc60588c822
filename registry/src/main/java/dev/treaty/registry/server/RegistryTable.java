package dev.treaty.registry.server;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import dev.treaty.core.discovery.RemovalReason;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.discovery.SettingsStore.Stored;
import dev.treaty.core.event.Events;
import dev.treaty.core.time.Promise;
import dev.treaty.core.time.Time;
import dev.treaty.registry.EmbeddedRegistry;
import dev.treaty.registry.RegistryLimits;
import dev.treaty.registry.RegistryProtocol;
import dev.treaty.registry.SelfPreservationPolicy;
import dev.treaty.registry.changes.ChangeLog;
import dev.treaty.registry.changes.CurrentSettings;
import dev.treaty.registry.changes.CurrentSettings.Known;
import dev.treaty.registry.changes.InstanceView;
import dev.treaty.registry.changes.Interner;
import dev.treaty.registry.changes.WatcherAcks;
import dev.treaty.registry.spi.ContractHistory;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The state of a registry: instances, their leases, contracts, and central settings. It has no thread and no clock;
 * {@link EmbeddedRegistry} uses it within the process, {@link RegistryService} offers it to the network, and one table
 * may serve both.
 *
 * <p>An instance belongs to its registrant: every change needs the token that it was registered with. The registrant
 * chooses the token, so that it can repeat a registration whose answer was lost. Leases expire by the monotonic clock;
 * a lease without length never expires, because it belongs to the process that holds the table.
 *
 * <p>Two rules keep leases from expiring for the wrong reason. Time in which this process was stopped does not count,
 * since nothing could be renewed. And if many leases expire at once, most instances stay listed, marked as stale, as
 * {@link SelfPreservationPolicy} allows.
 *
 * <p>An instance that stays critical may be delisted. It keeps its lease, and is listed again as soon as it recovers.
 */
public final class RegistryTable {
    /** The health detail of an instance that is held although its lease has expired. */
    public static final String STALE = InstanceView.STALE;

    /** A process that checks its leases every second was stopped if it did not for this long. */
    private static final long PAUSE_NANOS = Duration.ofSeconds(5).toNanos();

    private static final long SAVING_NANOS = Duration.ofSeconds(1).toNanos();

    private static final Promise<Boolean> SAVED = new Promise<>();

    static {
        SAVED.complete(true);
    }

    private final RegistryLimits limits;
    private final RandomGenerator random;
    private final String epoch;
    private final ChangeLog changes;
    private final InstanceView view;
    private final WatcherAcks acks = new WatcherAcks();
    private final Interner interner = new Interner();
    private final Map<String, Lease> leases = new HashMap<>();

    /** How many instances each identity has registered. */
    private final Map<String, Integer> held = new HashMap<>();

    private final PublishedContracts contracts;
    private final CurrentSettings settings = new CurrentSettings(Known.of(Stored.NONE));
    private final Problems problems = new Problems(RegistryService.SELF);

    /** One contract at a time is parsed and compared, which takes much more memory than its text. */
    private final ReentrantLock publishing = new ReentrantLock();

    private final MemoryBudget memory;
    private Sink journal = _ -> {};
    private boolean started;
    private long lastCheckNanos;
    private long stoppedNanos;

    /**
     * Creates an empty table with the standard self-preservation.
     *
     * @param random source of the epoch, which differs between two starts of a registry, and of tokens
     */
    public RegistryTable(RegistryLimits limits, RandomGenerator random) {
        this(limits, SelfPreservationPolicy.STANDARD, random);
    }

    /**
     * Creates an empty table.
     *
     * @param random source of the epoch, which differs between two starts of a registry, and of tokens
     */
    public RegistryTable(RegistryLimits limits, SelfPreservationPolicy preservation, RandomGenerator random) {
        this.limits = limits;
        this.random = random;
        this.epoch = token(random);
        this.changes = new ChangeLog(limits.log());
        this.view = new InstanceView(changes, preservation, this::removed);
        this.contracts = new PublishedContracts(limits);
        this.memory = new MemoryBudget("instances", limits.memory() / 2);
    }

    /** A part of the state that survives a restart of the process. */
    sealed interface Entry {
        /** An instance is registered under a lease. */
        record Registered(ServiceInstance instance, String token, String identity, long lengthNanos, boolean drained)
                implements Entry {}

        /** An instance was removed. */
        record Gone(String id) implements Entry {}

        /** A contract was published. */
        record Published(String contract) implements Entry {}

        /** The contracts of a version were withdrawn. */
        record Withdrawn(ServiceName service, Version version) implements Entry {}

        /** The central settings were replaced. */
        record Settings(Stored stored) implements Entry {}
    }

    /** Receives every change of a table, while the table is locked. */
    interface Sink {
        void accept(Entry entry);

        /** Returns a promise that is kept once everything that was accepted is on disk. */
        default Promise<Boolean> saved() {
            return SAVED;
        }
    }

    /** Returns 32 random hexadecimal digits. */
    public static String token(RandomGenerator random) {
        var hex = HexFormat.of();
        return hex.toHexDigits(random.nextLong()) + hex.toHexDigits(random.nextLong());
    }

    public synchronized String newToken() {
        return token(random);
    }

    Problems problems() {
        return problems;
    }

    /** Returns what is wrong with this registry. */
    public Optional<String> problem() {
        return problems.text();
    }

    RegistryLimits limits() {
        return limits;
    }

    public String epoch() {
        return epoch;
    }

    public ChangeLog changes() {
        return changes;
    }

    /** Returns what watchers see, for what is listed without a lease. */
    public InstanceView view() {
        return view;
    }

    public WatcherAcks acks() {
        return acks;
    }

    /** @param watches number of waiting watches */
    synchronized RegistryProtocol.Overview overview(int watches, long nowNanos) {
        return new RegistryProtocol.Overview(
                epoch,
                changes.revision(),
                changes.serviceCount(),
                changes.instanceCount(),
                contracts.services().size(),
                watches,
                view.held(InstanceView.STALE),
                view.removedLately(running(nowNanos)),
                view.delisted());
    }

    /** Returns when leases were last checked or changed, for tests: a jump of the time would look like a stop. */
    synchronized long lastCheckNanos() {
        return lastCheckNanos;
    }

    /** Returns the monotonic clock without the times in which this process was stopped. */
    private long running(long nowNanos) {
        if (started && nowNanos - lastCheckNanos > PAUSE_NANOS) {
            stoppedNanos += nowNanos - lastCheckNanos;
        }
        started = true;
        lastCheckNanos = nowNanos;
        return nowNanos - stoppedNanos;
    }

    /**
     * Registers an instance, or replaces one that was registered with the same token.
     *
     * @param requested length of the lease as requested; zero for a lease that never expires
     * @return length of the lease
     */
    public Duration register(ServiceInstance instance, String token, Duration requested, long nowNanos, Instant at) {
        return register(instance, Registrant.of(token), requested, nowNanos, at);
    }

    synchronized Duration register(
            ServiceInstance instance, Registrant registrant, Duration requested, long nowNanos, Instant at) {
        Requests.checkHealth(instance.id(), instance.health());
        String token = registrant.token();
        if (token.length() < RegistryLimits.TOKEN_LENGTH_MIN || token.length() > RegistryLimits.TOKEN_LENGTH_MAX) {
            throw Requests.invalid("the token of instance " + instance.id() + " has " + token.length()
                    + " characters: choose one of " + RegistryLimits.TOKEN_LENGTH_MIN + " to "
                    + RegistryLimits.TOKEN_LENGTH_MAX);
        }
        Duration granted = requested.isZero() ? requested : limits.lease(requested);
        Lease lease = leases.get(instance.id());
        if (lease == null) {
            checkCapacity(instance.service());
            checkQuota(registrant);
            memory.replace(0, Lease.bytes(instance));
            lease = new Lease(instance, token, registrant.identity());
            put(lease);
        } else if (!lease.ownedBy(registrant)) {
            throw Requests.registeredByAnother(instance.id());
        } else if (!lease.service().equals(instance.service())) {
            throw Requests.registeredForAnotherService(instance.id(), lease.service());
        } else {
            memory.replace(Lease.bytes(lease.reported), Lease.bytes(instance));
            if (registrant.checked()
                    && lease.identity.isEmpty()
                    && !registrant.identity().isEmpty()) {
                identify(lease, registrant.identity()); // registered before security was on
            }
        }
        lease.reported = interner.intern(instance);
        lease.lengthNanos = granted.toNanos();
        lease.renewedNanos = running(nowNanos);
        lease.renewed = true;
        view.put(visible(lease, at), lease.lengthNanos, lease.renewedNanos, at);
        write(lease);
        return granted;
    }

    /**
     * Returns when the leases of instances were last renewed, by id in the order of the instances; empty if not since
     * the registry started. Leases that do not expire are not in it.
     */
    public synchronized Map<String, Optional<Instant>> renewals(
            List<ServiceInstance> instances, int max, long nowNanos, Instant at) {
        var renewals = new LinkedHashMap<String, Optional<Instant>>();
        long now = running(nowNanos);
        for (ServiceInstance instance : instances) {
            Lease lease = leases.get(instance.id());
            if (lease != null && lease.expires()) {
                renewals.put(lease.id(), lease.sinceRenewal(now).map(at::minus));
            }
            if (renewals.size() == max) {
                break;
            }
        }
        return renewals;
    }

    private void checkCapacity(ServiceName service) {
        if (leases.size() >= limits.instances()) {
            throw Requests.limitReached("the registry holds " + limits.instances() + " instances, which is its limit");
        }
        if (changes.serviceCount() >= limits.services()
                && changes.instances(service).isEmpty()) {
            throw Requests.limitReached("the registry holds " + limits.services() + " services, which is its limit");
        }
    }

    private void checkQuota(Registrant registrant) {
        int most = registrant.quotas().instances();
        if (registrant.checked() && held.getOrDefault(registrant.identity(), 0) >= most) {
            throw Requests.limitReached("one identity may register " + most + " instances, and this one has as many");
        }
    }

    private void put(Lease lease) {
        forget(leases.put(lease.id(), lease));
        held.merge(lease.identity, 1, Integer::sum);
    }

    private void forget(@Nullable Lease lease) {
        if (lease != null) {
            held.computeIfPresent(lease.identity, (_, count) -> count == 1 ? null : count - 1);
        }
    }

    private void identify(Lease lease, String identity) {
        forget(lease);
        lease.identity = identity;
        held.merge(identity, 1, Integer::sum);
    }

    /** Returns the service of an instance; empty if none is registered with that id. */
    synchronized Optional<ServiceName> service(String id) {
        return Optional.ofNullable(leases.get(id)).map(Lease::service);
    }

    private static ServiceInstance visible(Lease lease, Instant at) {
        return lease.drained ? drained(lease.reported, at) : lease.reported;
    }

    /** Returns what watchers see of an instance that an operator has drained. */
    public static ServiceInstance drained(ServiceInstance instance, Instant at) {
        return instance.withHealth(
                new ServiceHealth(Status.DRAINING, "drained by an operator", at, Map.of("drained", "operator")));
    }

    private void write(Lease lease) {
        if (lease.expires()) {
            journal.accept(lease.entry());
        }
    }

    /** Renews a lease; returns false if there is none with that id and token. */
    synchronized boolean renew(String id, Registrant registrant, long nowNanos, Instant at) {
        Lease lease = leases.get(id);
        if (lease == null || !lease.ownedBy(registrant)) {
            return false;
        }
        lease.renewedNanos = running(nowNanos);
        lease.renewed = true;
        view.confirm(lease.service(), id, lease.lengthNanos, lease.renewedNanos, at);
        return true;
    }

    /** Updates the health of an instance. */
    public void report(String id, String token, ServiceHealth health, long nowNanos, Instant at) {
        report(id, Registrant.of(token), health, nowNanos, at);
    }

    synchronized void report(String id, Registrant registrant, ServiceHealth health, long nowNanos, Instant at) {
        Requests.checkHealth(id, health);
        Lease lease = owned(id, registrant);
        ServiceInstance reported = lease.reported.withHealth(health);
        memory.replace(Lease.bytes(lease.reported), Lease.bytes(reported));
        lease.reported = reported;
        view.update(visible(lease, at), running(nowNanos), at);
        write(lease);
    }

    private Lease owned(String id, Registrant registrant) {
        Lease lease = leases.get(id);
        if (lease == null) {
            throw Requests.notRegistered(id);
        }
        checkOwner(lease, registrant);
        return lease;
    }

    private static void checkOwner(Lease lease, Registrant registrant) {
        if (!lease.ownedBy(registrant)) {
            throw new ServiceException(
                    Code.PERMISSION_DENIED,
                    "instance " + lease.id() + " was registered with another token"
                            + (registrant.checked() ? " or by another identity" : ""));
        }
    }

    /** Checks that an instance was registered by a registrant. */
    synchronized void checkOwner(String id, Registrant registrant) {
        owned(id, registrant);
    }

    private Lease existing(String id) {
        Lease lease = leases.get(id);
        if (lease == null) {
            throw new ServiceException(Code.NOT_FOUND, "no instance " + id + " is registered");
        }
        return lease;
    }

    /** Drains an instance, whatever it reports, or takes that back: for operators, which have no token. */
    public synchronized void drain(String id, boolean drained, Instant at) {
        Lease lease = existing(id);
        if (lease.drained != drained) {
            lease.drained = drained;
            view.update(visible(lease, at), lastCheckNanos - stoppedNanos, at);
            write(lease);
        }
    }

    /**
     * Waits until all watchers of an instance's service have acknowledged its last change.
     *
     * @param nanos longest wait
     * @return how many have not when the time is over; 0 if all have
     */
    public int awaitAcknowledged(String id, Time time, long nanos) throws InterruptedException {
        ServiceName service;
        synchronized (this) {
            service = existing(id).service();
        }
        return acks.await(service, view.revision(service, id), time, nanos);
    }

    /** Removes an instance whose registration was closed, if there is one. */
    public void remove(String id, String token, Instant at) {
        remove(id, Registrant.of(token), at);
    }

    synchronized void remove(String id, Registrant registrant, Instant at) {
        Lease lease = leases.get(id);
        if (lease != null) {
            checkOwner(lease, registrant);
            view.remove(lease.service(), id, RemovalReason.CLOSED.text(), at);
        }
    }

    private void removed(ServiceInstance instance) {
        Lease lease = leases.remove(instance.id());
        forget(lease);
        if (lease != null) {
            memory.replace(Lease.bytes(lease.reported), 0);
            if (lease.expires()) {
                journal.accept(new Entry.Gone(lease.id()));
            }
        }
    }

    /**
     * Removes the instances whose leases have expired, in the order of their expiry, or marks them as stale if too many
     * have; and delists those that stayed critical for too long, which keep their leases.
     *
     * @return nanoseconds until the next call, or {@link Long#MAX_VALUE} if none is needed
     */
    public synchronized long expire(long nowNanos, Instant at) {
        return view.expire(running(nowNanos), at);
    }

    /** Reports whether instances are held, because too many ended at once. */
    public void reportHeld(Events events) {
        for (String detail : InstanceView.HELD) {
            problems.set(detail, view.problem(detail), "no instance is kept as " + detail + " any more", events);
        }
    }

    /** Returns all entries that survive a restart, and passes every later one to a journal. */
    synchronized List<Entry> journal(Sink to) {
        journal = to;
        var all = new ArrayList<Entry>(leases.size());
        leases.values().stream().filter(Lease::expires).map(Lease::entry).forEach(all::add);
        for (ServiceName service : contracts.services()) {
            contracts.history(service).texts("").reversed().forEach(text -> all.add(new Entry.Published(text)));
        }
        if (stored().number() > 0) {
            all.add(new Entry.Settings(stored()));
        }
        return all;
    }

    /** Restores an entry after a restart; its lease starts again, since it could not be renewed in the meantime. */
    synchronized void restore(Entry entry, long nowNanos, Instant at) {
        switch (entry) {
            case Entry.Registered(var instance, var token, var identity, var lengthNanos, var drained) -> {
                var lease = new Lease(interner.intern(instance), token, identity);
                lease.lengthNanos = lengthNanos;
                lease.drained = drained;
                Lease before = leases.get(instance.id());
                memory.replace(before == null ? 0 : Lease.bytes(before.reported), Lease.bytes(instance));
                put(lease);
                view.put(visible(lease, at), lengthNanos, running(nowNanos), at);
            }
            case Entry.Gone(var id) -> {
                Lease lease = leases.get(id);
                if (lease != null) {
                    view.remove(lease.service(), id, RemovalReason.CLOSED.text(), at);
                }
            }
            case Entry.Published(var text) ->
                contracts.publish(ServiceContract.parse(text), Set.of(), true, Registrant.of(""));
            case Entry.Withdrawn(var service, var version) -> {
                if (contracts.history(service).versions().contains(version)) {
                    contracts.withdraw(service, version, Set.of());
                }
            }
            case Entry.Settings(var stored) -> settings.set(Known.of(stored));
        }
    }

    /**
     * Stores a contract by the rule of {@link ContractHistory}.
     *
     * @param force whether to store it even if it breaks clients
     */
    public void publish(String text, boolean force) {
        publish(text, force, Registrant.of(""), _ -> {});
    }

    /** @param check throws if the registrant may not publish contracts of a service */
    void publish(String text, boolean force, Registrant registrant, Consumer<ServiceName> check) {
        ServiceContract contract;
        publishing.lock();
        try {
            contract = Requests.contract(text);
            check.accept(contract.name());
            Set<String> live = changes.instances(contract.name()).stream()
                    .map(ServiceInstance::contract)
                    .collect(Collectors.toSet());
            contracts.publish(contract, live, force, registrant);
        } finally {
            publishing.unlock();
        }
        synchronized (this) {
            if (contracts.history(contract.name()).versions().contains(contract.version())) { // not withdrawn since
                journal.accept(new Entry.Published(text));
            }
        }
    }

    /** Removes the contracts of a version, unless registered instances run it. */
    public synchronized void withdraw(ServiceName service, Version version) {
        List<Version> running = leases.values().stream()
                .map(lease -> lease.reported)
                .filter(instance -> instance.service().equals(service))
                .map(ServiceInstance::version)
                .toList();
        contracts.withdraw(service, version, running);
        journal.accept(new Entry.Withdrawn(service, version));
    }

    /** Returns the central settings, for those that wait for others. */
    public CurrentSettings settings() {
        return settings;
    }

    private Stored stored() {
        return Objects.requireNonNull(settings.known()).stored();
    }

    /** Replaces the central settings if those with the expected number are stored; returns whether they were. */
    public boolean replaceSettings(long expected, Stored next) {
        Requests.checkSettings(expected, next);
        Known known = Known.of(next);
        synchronized (this) {
            if (stored().number() != expected) {
                return false;
            }
            settings.set(known);
            journal.accept(new Entry.Settings(next));
            return true;
        }
    }

    /**
     * Waits until all changes so far are on disk, if this table is saved. No longer than a second: a disk that fails is
     * reported, and stops nothing.
     */
    public void awaitSaved(Time time) throws InterruptedException {
        Promise<Boolean> saved;
        synchronized (this) {
            saved = journal.saved();
        }
        saved.await(time, SAVING_NANOS);
    }

    /** Returns the remembered contracts of a service. */
    public ContractHistory contracts(ServiceName service) {
        return contracts.history(service);
    }

    /** Returns the services that have instances or a contract. */
    public Set<ServiceName> services() {
        Set<ServiceName> names = changes.services();
        names.addAll(contracts.services());
        return names;
    }
}
