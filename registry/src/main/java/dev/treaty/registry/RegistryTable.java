package dev.treaty.registry;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceInstance;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.locks.ReentrantLock;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;

/**
 * What a registry knows: instances, the leases they are registered under, and contracts. It has no thread and no
 * clock; {@link EmbeddedRegistry} uses it within the process and {@link RegistryService} offers it to the network, and
 * one table may serve both at once.
 *
 * <p>An instance belongs to whoever registered it: every change to it needs the token it was registered with. The
 * registrant makes the token up, so that registering again after a lost answer is no conflict. Leases end by the
 * monotonic clock; a lease without length never ends, because it belongs to the process that holds the table.
 */
public final class RegistryTable {
    private record Lease(String id, ServiceName service, String token, long lengthNanos, long endNanos) {
        boolean ends() {
            return lengthNanos > 0;
        }

        Lease from(long nowNanos) {
            return new Lease(id, service, token, lengthNanos, nowNanos + lengthNanos);
        }
    }

    /** The first to end comes first. Compared by difference, since the monotonic clock may wrap. */
    private static final Comparator<Lease> BY_END = (one, other) -> {
        int order = Long.signum(one.endNanos - other.endNanos);
        return order != 0 ? order : one.id.compareTo(other.id);
    };

    private final RegistryLimits limits;
    private final RandomGenerator random;
    private final String epoch;
    private final ReentrantLock lock = new ReentrantLock();
    private final Catalog catalog;
    private final Map<String, Lease> leases = new HashMap<>();
    private final TreeSet<Lease> ends = new TreeSet<>(BY_END);
    private final ContractCatalogue contracts;

    /**
     * An empty table.
     *
     * @param random makes the table's epoch, which tells it from the one before a restart
     */
    public RegistryTable(RegistryLimits limits, RandomGenerator random) {
        this.limits = limits;
        this.random = random;
        this.epoch = token(random);
        this.catalog = new Catalog(lock, limits.log());
        this.contracts = new ContractCatalogue(limits);
    }

    /** 32 hexadecimal digits that nobody else makes up. */
    static String token(RandomGenerator random) {
        var hex = HexFormat.of();
        return hex.toHexDigits(random.nextLong()) + hex.toHexDigits(random.nextLong());
    }

    String newToken() {
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

    String epoch() {
        return epoch;
    }

    Catalog catalog() {
        return catalog;
    }

    /**
     * Registers an instance, or registers it anew where the token is the one it was registered with.
     *
     * @param wish how long the lease should be; zero for one that never ends
     * @return how long the lease is
     */
    Duration register(ServiceInstance instance, String token, Duration wish, long nowNanos, Instant at) {
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
            Lease before = leases.get(instance.id());
            if (before == null && leases.size() >= limits.instances()) {
                throw new ServiceException(
                        Code.RESOURCE_EXHAUSTED,
                        "the registry holds " + limits.instances() + " instances, which is its limit");
            }
            if (before != null && !owns(before, token)) {
                throw new ServiceException(
                        Code.ALREADY_EXISTS,
                        "instance " + instance.id() + " is registered by somebody else: choose another id, or wait"
                                + " until its lease ends");
            }
            if (before != null && !before.service.equals(instance.service())) {
                throw new ServiceException(
                        Code.INVALID_ARGUMENT,
                        "instance " + instance.id() + " is registered as " + before.service + ": an id stays with its"
                                + " service");
            }
            keep(new Lease(instance.id(), instance.service(), token, granted.toNanos(), 0).from(nowNanos));
            catalog.put(instance, at);
            return granted;
        } finally {
            lock.unlock();
        }
    }

    private void keep(Lease lease) {
        Lease before = leases.put(lease.id, lease);
        if (before != null) {
            ends.remove(before);
        }
        if (lease.ends()) {
            ends.add(lease);
        }
    }

    /** Compares without telling by its duration how much of the token was right. */
    private static boolean owns(Lease lease, String token) {
        return MessageDigest.isEqual(lease.token.getBytes(UTF_8), token.getBytes(UTF_8));
    }

    /** Lets a lease begin anew; false where there is none of that id and token. */
    boolean renew(String id, String token, long nowNanos) {
        lock.lock();
        try {
            Lease lease = leases.get(id);
            if (lease == null || !owns(lease, token)) {
                return false;
            }
            keep(lease.from(nowNanos));
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** Notes how an instance feels. */
    void report(String id, String token, ServiceHealth health, Instant at) {
        RegistryLimits.check("instance " + id, health);
        lock.lock();
        try {
            Lease lease = leases.get(id);
            if (lease == null) {
                throw new ServiceException(
                        Code.NOT_FOUND, "instance " + id + " is not registered: its lease ended, so register it again");
            }
            refuseStrangers(lease, token);
            catalog.find(lease.service, id).ifPresent(instance -> catalog.put(instance.withHealth(health), at));
        } finally {
            lock.unlock();
        }
    }

    /** Takes an instance out; nothing to do where it is not there. */
    void remove(String id, String token, String reason, Instant at) {
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
        if (!owns(lease, token)) {
            throw new ServiceException(
                    Code.PERMISSION_DENIED, "instance " + lease.id + " was registered with another token");
        }
    }

    private void drop(Lease lease, String reason, Instant at) {
        leases.remove(lease.id);
        ends.remove(lease);
        catalog.remove(lease.service, lease.id, reason, at);
    }

    /**
     * Takes out every instance whose lease has ended, first ended first.
     *
     * @return nanoseconds until the next lease ends, or {@link Long#MAX_VALUE} where none does
     */
    long expire(long nowNanos, Instant at) {
        lock.lock();
        try {
            while (!ends.isEmpty()) {
                Lease next = ends.first();
                long left = next.endNanos - nowNanos;
                if (left > 0) {
                    return left;
                }
                drop(next, "lease expired", at);
            }
            return Long.MAX_VALUE;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Stores a contract by the rule of {@link ContractHistory}.
     *
     * @param force whether to take it although it breaks clients
     */
    void publish(ServiceContract contract, boolean force) {
        Set<String> live = catalog.instances(contract.name()).stream()
                .map(ServiceInstance::contract)
                .collect(Collectors.toSet());
        contracts.publish(contract, live, force);
    }

    /** What is remembered of a service's contracts. */
    ContractHistory contracts(ServiceName service) {
        return contracts.history(service);
    }

    /** The services that have instances or a contract. */
    Set<ServiceName> services() {
        lock.lock();
        try {
            Set<ServiceName> names = catalog.services();
            names.addAll(contracts.services());
            return names;
        } finally {
            lock.unlock();
        }
    }
}
