package dev.treaty.registry.server;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.time.Time;
import dev.treaty.registry.EmbeddedRegistry;
import dev.treaty.registry.RegistryLimits;
import dev.treaty.registry.SelfPreservationPolicy;
import dev.treaty.registry.changes.ChangeLog;
import dev.treaty.registry.changes.Interner;
import dev.treaty.registry.changes.WatcherAcks;
import dev.treaty.registry.spi.ContractHistory;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What a registry knows: instances, the leases they are registered under, and contracts. It has no thread and no
 * clock; {@link EmbeddedRegistry} uses it within the process and {@link RegistryService} offers it to the network, and
 * one table may serve both at once.
 *
 * <p>An instance belongs to whoever registered it: every change to it needs the token it was registered with. The
 * registrant makes the token up, so that registering again after a lost answer is no conflict. Leases end by the
 * monotonic clock; a lease without length never ends, because it belongs to the process that holds the table.
 *
 * <p>Two things keep leases from ending for the wrong reason. Time in which this process itself did not run does not
 * count, since nobody could renew then. And where many leases end at once, most of the instances are held, as {@link
 * SelfPreservationPolicy} says: they stay listed, marked as stale.
 *
 * <p>An instance that stays critical may leave the list and keep its lease: its process is there and may get well, and
 * is listed again as soon as it says so.
 */
public final class RegistryTable {
    /** The detail of an instance's health that says that its lease has ended. */
    public static final String STALE = "stale";

    /** A process that looks at its leases every second and did not for so long was stopped. */
    private static final long PAUSE_NANOS = Duration.ofSeconds(5).toNanos();

    /** What was registered, and until when. */
    private static final class Lease {
        final String token;
        ServiceInstance reported;
        long lengthNanos;
        long endNanos;
        long revision; // of its last change
        boolean held;
        boolean delisted; // not listed, since it stayed critical
        long criticalNanos; // since when it is critical, where it is
        boolean drained; // by an operator

        @Nullable
        Due due;

        Lease(ServiceInstance reported, String token) {
            this.reported = reported;
            this.token = token;
        }

        String id() {
            return reported.id();
        }

        ServiceName service() {
            return reported.service();
        }

        boolean ends() {
            return lengthNanos > 0;
        }

        boolean critical() {
            return reported.health().status() == Status.CRITICAL;
        }

        /** Compares without telling by its duration how much of the token was right. */
        boolean ownedBy(String claimed) {
            int difference = token.length() ^ claimed.length();
            for (int i = 0; i < token.length(); i++) {
                difference |= token.charAt(i) ^ (i < claimed.length() ? claimed.charAt(i) : 0);
            }
            return difference == 0;
        }
    }

    /**
     * When to look at a lease. Renewing a lease leaves the entry where it is: looked at too early, it is put back. So a
     * renewal costs no sorting, and each lease is looked at once per length.
     */
    private record Due(Lease lease, long atNanos) {}

    /** The earliest comes first. Compared by difference, since the monotonic clock may wrap. */
    private static final Comparator<Due> BY_TIME = (one, other) -> Long.signum(one.atNanos - other.atNanos);

    private final RegistryLimits limits;
    private final SelfPreservation preservation;
    private final long deregisterNanos; // zero where what stays critical stays listed
    private final RandomGenerator random;
    private final String epoch;
    private final ReentrantLock lock = new ReentrantLock();
    private final ChangeLog catalog;
    private final WatcherAcks audience = new WatcherAcks();
    private final Interner shared = new Interner();
    private final Map<String, Lease> leases = new HashMap<>();
    private final PriorityQueue<Due> dues = new PriorityQueue<>(BY_TIME);
    private final PublishedContracts contracts;
    private @Nullable Consumer<Entry> journal;
    private boolean started;
    private long lookedNanos;
    private long awayNanos;
    private int held;
    private int out;

    /**
     * An empty table that preserves itself as is usual.
     *
     * @param random makes the table's epoch, which tells it from the one before a restart
     */
    public RegistryTable(RegistryLimits limits, RandomGenerator random) {
        this(limits, SelfPreservationPolicy.STANDARD, random);
    }

    /**
     * An empty table.
     *
     * @param random makes the table's epoch, which tells it from the one before a restart
     */
    public RegistryTable(RegistryLimits limits, SelfPreservationPolicy preservation, RandomGenerator random) {
        this.limits = limits;
        this.preservation = new SelfPreservation(preservation);
        this.deregisterNanos =
                preservation.deregisterAfter().map(Duration::toNanos).orElse(0L);
        this.random = random;
        this.epoch = token(random);
        this.catalog = new ChangeLog(lock, limits.log());
        this.contracts = new PublishedContracts(limits);
    }

    /** Something that a table should still know after a restart of its process. */
    sealed interface Entry {
        /** An instance is registered under that lease and reported to be as it is here. */
        record Registered(ServiceInstance instance, String token, long lengthNanos, boolean drained) implements Entry {}

        /** The instance of that id is gone. */
        record Gone(String id) implements Entry {}

        /** A contract was published. */
        record Published(ServiceContract contract) implements Entry {}
    }

    /** How a table is doing. */
    record Figures(long revision, int services, int instances, int contracts, int held, int out, int removedLately) {}

    /** 32 hexadecimal digits that nobody else makes up. */
    public static String token(RandomGenerator random) {
        var hex = HexFormat.of();
        return hex.toHexDigits(random.nextLong()) + hex.toHexDigits(random.nextLong());
    }

    public String newToken() {
        lock.lock();
        try {
            return token(random);
        } finally {
            lock.unlock();
        }
    }

    RegistryLimits limits() {
        return limits;
    }

    public String epoch() {
        return epoch;
    }

    public ChangeLog catalog() {
        return catalog;
    }

    public WatcherAcks audience() {
        return audience;
    }

    Figures figures(long nowNanos) {
        lock.lock();
        try {
            return new Figures(
                    catalog.revision(),
                    catalog.services(),
                    catalog.size(),
                    contracts.services().size(),
                    held,
                    out,
                    preservation.lately(awake(nowNanos)));
        } finally {
            lock.unlock();
        }
    }

    /** When leases were last looked at or changed, for tests: a jump of the time would look like a stop. */
    long lookedNanos() {
        lock.lock();
        try {
            return lookedNanos;
        } finally {
            lock.unlock();
        }
    }

    /** This process's own time: the monotonic clock without the times in which it was stopped. */
    private long awake(long nowNanos) {
        if (started && nowNanos - lookedNanos > PAUSE_NANOS) {
            awayNanos += nowNanos - lookedNanos;
        }
        started = true;
        lookedNanos = nowNanos;
        return nowNanos - awayNanos;
    }

    /**
     * Registers an instance, or registers it anew where the token is the one it was registered with.
     *
     * @param wish how long the lease should be; zero for one that never ends
     * @return how long the lease is
     */
    public Duration register(ServiceInstance instance, String token, Duration wish, long nowNanos, Instant at) {
        RegistryLimits.check(instance);
        if (token.length() < RegistryLimits.TOKEN_LENGTH_MIN || token.length() > RegistryLimits.TOKEN_LENGTH_MAX) {
            throw new ServiceException(
                    Code.INVALID_ARGUMENT,
                    "the token of instance " + instance.id() + " has " + token.length() + " characters: make up one of "
                            + RegistryLimits.TOKEN_LENGTH_MIN + " to " + RegistryLimits.TOKEN_LENGTH_MAX);
        }
        Duration granted = wish.isZero() ? wish : limits.lease(wish);
        lock.lock();
        try {
            Lease lease = leases.get(instance.id());
            if (lease == null) {
                refuseWhenFull(instance.service());
                lease = new Lease(instance, token);
                leases.put(instance.id(), lease);
            } else if (!lease.ownedBy(token)) {
                throw new ServiceException(
                        Code.ALREADY_EXISTS,
                        "instance " + instance.id() + " is registered by somebody else: choose another id, or wait"
                                + " until its lease ends");
            } else if (!lease.service().equals(instance.service())) {
                throw new ServiceException(
                        Code.INVALID_ARGUMENT,
                        "instance " + instance.id() + " is registered as " + lease.service() + ": an id stays with its"
                                + " service");
            }
            lease.lengthNanos = granted.toNanos();
            long now = awake(nowNanos);
            begin(lease, now);
            feel(lease, shared.of(instance), now);
            show(lease, at);
            write(lease);
            return granted;
        } finally {
            lock.unlock();
        }
    }

    private void refuseWhenFull(ServiceName service) {
        if (leases.size() >= limits.instances()) {
            throw new ServiceException(
                    Code.RESOURCE_EXHAUSTED,
                    "the registry holds " + limits.instances() + " instances, which is its limit");
        }
        if (catalog.services() >= limits.services() && catalog.roster(service).isEmpty()) {
            throw new ServiceException(
                    Code.RESOURCE_EXHAUSTED,
                    "the registry holds " + limits.services() + " services, which is its limit");
        }
    }

    /** Lets a lease begin anew. */
    private void begin(Lease lease, long awakeNanos) {
        if (lease.held) {
            lease.held = false;
            held--;
        }
        lease.endNanos = awakeNanos + lease.lengthNanos;
        lookAtLatest(lease);
    }

    /** Takes in how an instance feels, and since when where it is critical. */
    private void feel(Lease lease, ServiceInstance reported, long awakeNanos) {
        boolean was = lease.critical();
        lease.reported = reported;
        if (!lease.critical()) {
            out -= lease.delisted ? 1 : 0;
            lease.delisted = false;
        } else if (!was || lease.revision == 0) {
            lease.criticalNanos = awakeNanos;
            lookAtLatest(lease);
        }
    }

    /** True where an instance may not stay listed for ever as it is. */
    private boolean leaves(Lease lease) {
        return deregisterNanos > 0 && lease.critical() && !lease.delisted;
    }

    private void lookAtLatest(Lease lease) {
        if (!lease.ends() && !leaves(lease)) {
            lease.due = null;
            return;
        }
        long at = lease.endNanos;
        if (leaves(lease)) {
            long leaving = lease.criticalNanos + deregisterNanos;
            at = !lease.ends() || leaving - at < 0 ? leaving : at;
        }
        Due due = lease.due;
        if (due == null || due.atNanos - at > 0) {
            lookAt(lease, at);
        }
    }

    private void lookAt(Lease lease, long atNanos) {
        var due = new Due(lease, atNanos);
        lease.due = due;
        if (dues.size() > 2 * leases.size() + 1_024) { // mostly entries of leases that are gone
            dues.removeIf(old -> !old.equals(old.lease.due));
        }
        dues.add(due);
    }

    /** Puts into the catalog how an instance is to be seen. */
    private void show(Lease lease, Instant at) {
        if (lease.delisted) {
            return;
        }
        ServiceInstance instance = lease.reported;
        if (lease.drained) {
            instance = instance.withHealth(
                    new ServiceHealth(Status.DRAINING, "drained by an operator", at, Map.of("drained", "operator")));
        } else if (lease.held && instance.health().status().takesCalls()) {
            instance = instance.withHealth(new ServiceHealth(
                    Status.UNKNOWN,
                    "its lease has ended; it is kept, since many ended at once",
                    at,
                    Map.of(STALE, "true")));
        }
        lease.revision = Math.max(lease.revision, catalog.put(instance, at));
    }

    private void write(Lease lease) {
        Consumer<Entry> to = journal;
        if (to != null && lease.ends()) {
            to.accept(new Entry.Registered(lease.reported, lease.token, lease.lengthNanos, lease.drained));
        }
    }

    /** Lets a lease begin anew; false where there is none of that id and token. */
    boolean renew(String id, String token, long nowNanos, Instant at) {
        lock.lock();
        try {
            Lease lease = leases.get(id);
            if (lease == null || !lease.ownedBy(token)) {
                return false;
            }
            boolean stale = lease.held;
            begin(lease, awake(nowNanos));
            if (stale) {
                show(lease, at);
            }
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** Notes how an instance feels. */
    public void report(String id, String token, ServiceHealth health, long nowNanos, Instant at) {
        RegistryLimits.check("instance " + id, health);
        lock.lock();
        try {
            Lease lease = owned(id, token);
            feel(lease, lease.reported.withHealth(health), awake(nowNanos));
            show(lease, at);
            write(lease);
        } finally {
            lock.unlock();
        }
    }

    private Lease owned(String id, String token) {
        Lease lease = leases.get(id);
        if (lease == null) {
            throw new ServiceException(
                    Code.NOT_FOUND, "instance " + id + " is not registered: its lease ended, so register it again");
        }
        refuseStrangers(lease, token);
        return lease;
    }

    /** Has an instance drain, whatever it reports, or no longer: for operators, who have no token. */
    public void drain(String id, boolean drained, Instant at) {
        lock.lock();
        try {
            Lease lease = leases.get(id);
            if (lease == null) {
                throw new ServiceException(Code.NOT_FOUND, "no instance " + id + " is registered");
            }
            if (lease.drained != drained) {
                lease.drained = drained;
                show(lease, at);
                write(lease);
            }
        } finally {
            lock.unlock();
        }
    }

    /**
     * Waits until everybody who follows the service of an instance has heard how it is now.
     *
     * @param nanos the longest wait
     * @return how many have not heard when the time is over; 0 where all have
     */
    public int awaitHeard(String id, Time time, long nanos) throws InterruptedException {
        ServiceName service;
        long revision;
        lock.lock();
        try {
            Lease lease = leases.get(id);
            if (lease == null) {
                throw new ServiceException(Code.NOT_FOUND, "no instance " + id + " is registered");
            }
            service = lease.service();
            revision = lease.revision;
        } finally {
            lock.unlock();
        }
        return audience.await(service, revision, time, nanos);
    }

    /** Makes sure that whoever asks registered the instance. */
    void refuseStrangers(String id, String token) {
        lock.lock();
        try {
            owned(id, token);
        } finally {
            lock.unlock();
        }
    }

    /** Takes an instance out; nothing to do where it is not there. */
    public void remove(String id, String token, String reason, Instant at) {
        lock.lock();
        try {
            Lease lease = leases.get(id);
            if (lease != null) {
                refuseStrangers(lease, token);
                drop(lease, reason, at);
            }
        } finally {
            lock.unlock();
        }
    }

    private static void refuseStrangers(Lease lease, String token) {
        if (!lease.ownedBy(token)) {
            throw new ServiceException(
                    Code.PERMISSION_DENIED, "instance " + lease.id() + " was registered with another token");
        }
    }

    private void drop(Lease lease, String reason, Instant at) {
        leases.remove(lease.id());
        lease.due = null;
        held -= lease.held ? 1 : 0;
        out -= lease.delisted ? 1 : 0;
        catalog.remove(lease.service(), lease.id(), reason, at);
        Consumer<Entry> to = journal;
        if (to != null && lease.ends()) {
            to.accept(new Entry.Gone(lease.id()));
        }
    }

    /**
     * Takes out the instances whose leases have ended, first ended first, or marks them as stale where too many have;
     * and those that stayed critical for too long, which keep their leases.
     *
     * @return nanoseconds until this is to be done again, or {@link Long#MAX_VALUE} where none does
     */
    public long expire(long nowNanos, Instant at) {
        lock.lock();
        try {
            long now = awake(nowNanos);
            while (true) {
                Due next = dues.peek();
                if (next == null) {
                    return Long.MAX_VALUE;
                }
                if (!next.equals(next.lease.due)) {
                    dues.remove();
                    continue;
                }
                if (next.atNanos - now > 0) {
                    return next.atNanos - now;
                }
                dues.remove();
                expire(next.lease, now, at);
            }
        } finally {
            lock.unlock();
        }
    }

    private void expire(Lease lease, long now, Instant at) {
        boolean ended = lease.ends() && lease.endNanos - now <= 0;
        boolean leaving = leaves(lease) && lease.criticalNanos + deregisterNanos - now <= 0;
        lease.due = null;
        if (!ended && !leaving) { // renewed or better meanwhile
            lookAtLatest(lease);
            return;
        }
        int ofService = catalog.roster(lease.service()).size();
        long wait = lease.delisted ? 0 : preservation.tryRemove(lease.service(), ofService, leases.size(), now);
        if (wait > 0) {
            lookAt(lease, now + wait);
            if (ended && !lease.held) {
                lease.held = true;
                held++;
                show(lease, at);
            }
        } else if (ended) {
            drop(lease, "lease expired", at);
        } else {
            lease.delisted = true;
            out++;
            String why = lease.reported.health().message();
            catalog.remove(
                    lease.service(),
                    lease.id(),
                    "critical for " + Duration.ofNanos(deregisterNanos).toSeconds() + " s" + (why.isEmpty() ? "" : ": ")
                            + why,
                    at);
            lookAtLatest(lease);
        }
    }

    /** Everything that should still be known after a restart, and from now on every change to it. */
    List<Entry> journal(Consumer<Entry> to) {
        lock.lock();
        try {
            journal = to;
            var all = new ArrayList<Entry>(leases.size());
            for (Lease lease : leases.values()) {
                if (lease.ends()) {
                    all.add(new Entry.Registered(lease.reported, lease.token, lease.lengthNanos, lease.drained));
                }
            }
            for (ServiceName service : contracts.services()) {
                contracts.history(service).newestFirst().reversed().forEach(c -> all.add(new Entry.Published(c)));
            }
            return all;
        } finally {
            lock.unlock();
        }
    }

    /** Knows again what was known before a restart; leases begin anew, since nobody could renew them meanwhile. */
    void restore(Entry entry, long nowNanos, Instant at) {
        lock.lock();
        try {
            switch (entry) {
                case Entry.Registered(var instance, var token, var lengthNanos, var drained) -> {
                    var lease = new Lease(shared.of(instance), token);
                    lease.lengthNanos = lengthNanos;
                    lease.drained = drained;
                    Lease before = leases.put(instance.id(), lease);
                    if (before != null) {
                        before.due = null;
                    }
                    long now = awake(nowNanos);
                    begin(lease, now);
                    feel(lease, lease.reported, now);
                    show(lease, at);
                }
                case Entry.Gone(var id) -> {
                    Lease lease = leases.get(id);
                    if (lease != null) {
                        drop(lease, "closed", at);
                    }
                }
                case Entry.Published(var contract) -> contracts.publish(contract, Set.of(), true);
            }
        } finally {
            lock.unlock();
        }
    }

    /**
     * Stores a contract by the rule of {@link ContractHistory}.
     *
     * @param force whether to take it although it breaks clients
     */
    public void publish(ServiceContract contract, boolean force) {
        Set<String> live = catalog.roster(contract.name()).stream()
                .map(ServiceInstance::contract)
                .collect(Collectors.toSet());
        contracts.publish(contract, live, force);
        lock.lock();
        try {
            Consumer<Entry> to = journal;
            if (to != null) {
                to.accept(new Entry.Published(contract));
            }
        } finally {
            lock.unlock();
        }
    }

    /** What is remembered of a service's contracts. */
    public ContractHistory contracts(ServiceName service) {
        return contracts.history(service);
    }

    /** The services that have instances or a contract. */
    public Set<ServiceName> services() {
        lock.lock();
        try {
            Set<ServiceName> names = catalog.names();
            names.addAll(contracts.services());
            return names;
        } finally {
            lock.unlock();
        }
    }
}
