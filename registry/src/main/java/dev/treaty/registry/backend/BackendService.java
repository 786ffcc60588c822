package dev.treaty.registry.backend;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.ContractException;
import dev.treaty.core.contract.IncompatibleContractException;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.event.Events;
import dev.treaty.core.time.Promise;
import dev.treaty.core.time.Time;
import dev.treaty.registry.NetworkRegistry;
import dev.treaty.registry.RegistryLimits;
import dev.treaty.registry.RegistryProtocol;
import dev.treaty.registry.changes.ChangeLog;
import dev.treaty.registry.server.RegistryService;
import dev.treaty.registry.server.RegistryTable;
import dev.treaty.registry.server.SelfPreservation;
import dev.treaty.registry.spi.Backend;
import dev.treaty.registry.spi.ContractHistory;
import dev.treaty.registry.spi.InstanceFormat;
import dev.treaty.registry.spi.RegistryProvider;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The {@link RegistryProtocol} over an {@link Backend}, within the process: {@link NetworkRegistry} talks to it as it
 * would to a registry in another process, and so needs to know nothing of engines.
 *
 * <p>A service that is watched is mirrored: the engine's changes go into a table of this process, and the watch is
 * answered from that. The mirror is of one {@linkplain Backend#epoch epoch}. A store that began anew, empty, has another
 * one, and gets another mirror; its client sees that as a restart, and keeps what it knew for a while. An engine that
 * goes back in time does not say so by itself, so it is asked for its epoch before every watch and every renewal, at
 * most once a {@linkplain #LOOK_NANOS second}.
 */
public final class BackendService implements RegistryProtocol, AutoCloseable {
    /** The longest that a watch waits before the engine is looked at again. */
    private static final long WAIT_MAX_MILLIS = 5_000;

    /** The longest that it waits while nothing can be said of some service that is watched too. */
    private static final long UNCLEAR_WAIT_MAX_MILLIS = 500;

    /** Why an instance is gone that its process took out. */
    private static final String CLOSED = "closed";

    private static final long LOOK_NANOS = Duration.ofSeconds(1).toNanos();

    /** A service that no watch asked for in that time is mirrored no longer. */
    private static final long IDLE_NANOS = Duration.ofMinutes(1).toNanos();

    private final Backend engine;
    private final InstanceFormat format;
    private final Time time;
    private final RandomGenerator random;
    private final ReentrantLock lock = new ReentrantLock();
    private final SelfPreservation preservation; // guarded by the lock
    private final Map<String, Held> held = new ConcurrentHashMap<>();
    private @Nullable CachedView mirror;
    private long lookedAtNanos;
    private boolean closed;

    /** An instance that is gone from the engine and kept until then. */
    private record Stale(String reason, long untilNanos) {}

    private record Held(ServiceInstance instance, Backend.Holding holding) {}

    public BackendService(Backend engine, RegistryProvider.RegistryContext surroundings) {
        this.engine = engine;
        this.format = surroundings.format();
        this.time = surroundings.time();
        this.random = surroundings.random();
        this.preservation = new SelfPreservation(surroundings.policy().preservation());
    }

    /** What this process sees of the engine since it began. */
    private final class CachedView implements AutoCloseable {
        final String mark;
        final RegistryTable table = new RegistryTable(RegistryLimits.STANDARD, random);
        final RegistryService service = new RegistryService(table, time, Events.NONE);
        private final Map<ServiceName, FollowedService> reflections = new TreeMap<>(); // guarded by the lock
        private boolean ended; // guarded by the lock

        CachedView(String mark) {
            this.mark = mark;
        }

        /** Those of these services, each followed from now on; empty where the mirror has ended meanwhile. */
        Optional<List<FollowedService>> follow(Iterable<String> names) {
            var asked = new ArrayList<FollowedService>();
            var fresh = new ArrayList<FollowedService>();
            var idle = new ArrayList<FollowedService>();
            lock.lock();
            try {
                if (ended) {
                    return Optional.empty();
                }
                long now = time.nanoTime();
                for (String name : names) {
                    var reflection = reflections.computeIfAbsent(name(name), n -> {
                        fresh.add(new FollowedService(this, n));
                        return fresh.getLast();
                    });
                    reflection.askedAtNanos = now;
                    asked.add(reflection);
                }
                reflections
                        .values()
                        .removeIf(reflection -> now - reflection.askedAtNanos > IDLE_NANOS && idle.add(reflection));
                idle.forEach(FollowedService::end);
            } finally {
                lock.unlock();
            }
            fresh.forEach(FollowedService::start);
            idle.forEach(FollowedService::close);
            return Optional.of(asked);
        }

        @Override
        public void close() {
            List<FollowedService> last;
            lock.lock();
            try {
                ended = true;
                last = List.copyOf(reflections.values());
                last.forEach(FollowedService::end);
                reflections.clear();
            } finally {
                lock.unlock();
            }
            last.forEach(FollowedService::close);
            service.close();
        }
    }

    /** One service in the mirror. What the engine tells and what a watch does take turns by the lock. */
    private final class FollowedService implements Backend.Follower, AutoCloseable {
        private final CachedView mirror;
        private final ServiceName service;
        private final Promise<Boolean> settled = new Promise<>();
        private volatile String trouble = "";
        private long askedAtNanos; // guarded by the lock
        private final Map<String, Stale> held = new HashMap<>(); // guarded by the lock
        private Backend.@Nullable Following following; // guarded by the lock
        private boolean ended; // guarded by the lock

        FollowedService(CachedView mirror, ServiceName service) {
            this.mirror = mirror;
            this.service = service;
        }

        void start() {
            var begun = engine.follow(service, this);
            boolean late;
            lock.lock();
            try {
                following = begun;
                late = ended;
            } finally {
                lock.unlock();
            }
            if (late) { // closed meanwhile, when there was nothing to close yet
                begun.close();
            }
        }

        @Override
        public void complete(Map<String, String> instances) {
            var known = new HashSet<String>();
            instances.forEach((id, value) -> {
                if (put(value)) {
                    known.add(id);
                }
            });
            List<String> missing = mirror.table.catalog().roster(service).stream()
                    .map(ServiceInstance::id)
                    .filter(id -> !known.contains(id))
                    .toList();
            if (!missing.isEmpty() && engine.expires() && beganAnew()) {
                throw new ServiceException(Code.UNAVAILABLE, "the registry's store began anew");
            }
            missing.forEach(id -> gone(id, "not listed any more"));
            trouble = "";
            settled.complete(true);
        }

        /** Whether nothing can be missed in this store, because it is another one: its mirror begins anew as well. */
        private boolean beganAnew() {
            try {
                if (engine.epoch(RegistryTable.token(random)).equals(mirror.mark)) {
                    return false;
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new ServiceException(Code.CANCELED, "the watch was closed");
            }
            lock.lock();
            try {
                lookedAtNanos = time.nanoTime() - LOOK_NANOS;
            } finally {
                lock.unlock();
            }
            return true;
        }

        @Override
        public void changed(String id, String value) {
            put(value);
        }

        private boolean put(String value) {
            ServiceInstance instance;
            try {
                instance = format.read(value).read(time.instant());
            } catch (IllegalArgumentException e) {
                return false; // somebody else wrote it: what cannot be read cannot be called
            }
            lock.lock();
            try {
                if (!instance.service().equals(service) || ended) {
                    return false;
                }
                held.remove(instance.id());
                mirror.table.catalog().put(instance, time.instant());
                return true;
            } finally {
                lock.unlock();
            }
        }

        @Override
        public void removed(String id, String reason) {
            gone(id, reason);
        }

        /** Takes out what nobody closed, unless too many are gone at once: then it is kept as stale for a while. */
        private void gone(String id, String reason) {
            ChangeLog catalog = mirror.table.catalog();
            lock.lock();
            try {
                Optional<ServiceInstance> known = catalog.find(service, id);
                if (known.isEmpty() || ended) {
                    return;
                }
                long wait = engine.expires() && !reason.equals(CLOSED) ? waitNanos(catalog) : 0;
                if (wait == 0) {
                    held.remove(id);
                    catalog.remove(service, id, reason, time.instant());
                } else if (held.put(id, new Stale(reason, time.nanoTime() + wait)) == null) {
                    catalog.put(known.get().withHealth(stale()), time.instant());
                }
            } finally {
                lock.unlock();
            }
        }

        private long waitNanos(ChangeLog catalog) {
            return preservation.tryRemove(service, catalog.roster(service).size(), catalog.size(), time.nanoTime());
        }

        private ServiceHealth stale() {
            return new ServiceHealth(
                    ServiceHealth.Status.UNKNOWN,
                    "gone from the registry when many others were too; kept for a while",
                    time.instant(),
                    Map.of(RegistryTable.STALE, "true"));
        }

        /** Asks again to take out those that were kept, where it is their turn. */
        void expire() {
            lock.lock();
            try {
                Map.copyOf(held).forEach((id, stale) -> {
                    if (stale.untilNanos - time.nanoTime() <= 0) {
                        gone(id, stale.reason);
                    }
                });
            } finally {
                lock.unlock();
            }
        }

        /** Why nothing can be said of this service, as soon as that is known; empty where it can. */
        String trouble(long untilNanos) throws InterruptedException {
            settled.await(time, untilNanos - time.nanoTime());
            return settled.now() == null
                    ? "its instances could not be read within " + Backend.PATIENCE_MILLIS + " ms"
                    : trouble;
        }

        @Override
        public void failed(String why) {
            trouble = why;
            settled.complete(true);
        }

        /** Takes nothing in any more; under the lock. */
        void end() {
            ended = true;
            mirror.table.catalog().forget(service);
            settled.complete(true);
        }

        /** Lets the engine rest; after it has ended. */
        @Override
        public void close() {
            Backend.Following begun;
            lock.lock();
            try {
                begun = following;
            } finally {
                lock.unlock();
            }
            if (begun != null) {
                begun.close();
            }
        }
    }

    /** The mirror of the engine as it is; another one than before where the engine began anew. */
    private CachedView mirror() throws InterruptedException {
        lock.lock();
        try {
            if (closed) {
                throw new ServiceException(Code.UNAVAILABLE, "the client of the registry is closed");
            }
            if (mirror != null && time.nanoTime() - lookedAtNanos < LOOK_NANOS) {
                return mirror;
            }
        } finally {
            lock.unlock();
        }
        String mark = engine.epoch(RegistryTable.token(random));
        CachedView outdated;
        lock.lock();
        try {
            lookedAtNanos = time.nanoTime();
            if (closed) {
                throw new ServiceException(Code.UNAVAILABLE, "the client of the registry is closed");
            }
            if (mirror != null && mirror.mark.equals(mark)) {
                return mirror;
            }
            outdated = mirror;
            mirror = new CachedView(mark);
            if (outdated == null) {
                return mirror;
            }
        } finally {
            lock.unlock();
        }
        outdated.close();
        return mirror();
    }

    @Override
    public Granted register(Instance instance, String token, long leaseMillis) throws InterruptedException {
        ServiceInstance read = read(instance);
        RegistryLimits.check(read);
        CachedView seen = mirror();
        var holding = new Backend.Holding(read.id(), read.service(), owner(token), format.write(Instance.of(read)));
        var wished = new Held(read, holding);
        held.put(read.id(), wished); // first, so that what a lost answer may have held is let go of in the end
        Optional<Backend.Holder> other = engine.hold(holding);
        if (other.isPresent()) {
            held.remove(read.id(), wished);
            boolean ours = other.get().owner().equals(holding.owner());
            throw new ServiceException(
                    ours ? Code.INVALID_ARGUMENT : Code.ALREADY_EXISTS,
                    ours
                            ? "instance " + read.id() + " is registered as "
                                    + other.get().service() + ": an id stays with its service"
                            : "instance " + read.id() + " is registered by somebody else: choose another id, or wait"
                                    + " until its lease ends");
        }
        return new Granted(seen.table.epoch(), engine.leaseMillis());
    }

    private ServiceInstance read(Instance instance) {
        try {
            return instance.read(time.instant());
        } catch (IllegalArgumentException e) {
            throw new ServiceException(Code.INVALID_ARGUMENT, "instance: " + e.getMessage());
        }
    }

    /** What everybody may read and nobody can make a token of. */
    private static String owner(String token) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(token.getBytes(UTF_8));
            return HexFormat.of().formatHex(digest, 0, 16);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    @Override
    public Renewed renew(List<Lease> leases) throws InterruptedException {
        CachedView seen = mirror();
        var unknown = new ArrayList<String>();
        var holdings = new ArrayList<Backend.Holding>();
        for (Lease lease : leases) {
            Held known = held.get(lease.id());
            if (known == null) {
                unknown.add(lease.id());
            } else {
                holdings.add(known.holding);
            }
        }
        if (!holdings.isEmpty()) {
            unknown.addAll(engine.renew(holdings));
        }
        return new Renewed(seen.table.epoch(), unknown);
    }

    @Override
    public void report(String id, String token, Health health) throws InterruptedException {
        Held known = held.get(id);
        if (known == null) {
            throw notRegistered(id);
        }
        ServiceInstance changed = known.instance.withHealth(health.read(time.instant()));
        RegistryLimits.check("instance " + id, changed.health());
        var holding = known.holding.withValue(format.write(Instance.of(changed)));
        if (!engine.replace(holding)) {
            throw notRegistered(id);
        }
        held.replace(id, new Held(changed, holding));
    }

    private static ServiceException notRegistered(String id) {
        return new ServiceException(
                Code.NOT_FOUND, "instance " + id + " is not registered: its lease ended, so register it again");
    }

    @Override
    public void deregister(String id, String token) throws InterruptedException {
        Held known = held.get(id);
        if (known != null) {
            engine.release(known.holding, CLOSED);
            held.remove(id, known);
        }
    }

    @Override
    public void publish(String contract, boolean force) throws InterruptedException {
        RegistryLimits.length("the contract", contract, RegistryLimits.CONTRACT_LENGTH_MAX);
        ServiceContract read;
        try {
            read = ServiceContract.parse(contract);
        } catch (ContractException e) {
            throw new ServiceException(Code.INVALID_ARGUMENT, "contract: " + e.getMessage());
        }
        ContractHistory before = history(read.name());
        ContractHistory after;
        try {
            after = before.publish(read, live(read.name()), force);
        } catch (IncompatibleContractException e) {
            throw new ServiceException(Code.FAILED_PRECONDITION, String.valueOf(e.getMessage()));
        }
        engine.store(read.name(), read.version(), contract);
        Set<Version> forgotten = before.versions();
        forgotten.removeAll(after.versions());
        for (Version version : forgotten) {
            engine.forget(read.name(), version);
        }
    }

    private ContractHistory history(ServiceName service) throws InterruptedException {
        return ContractHistory.of(engine.contracts(service).stream()
                .flatMap(BackendService::parsed)
                .toList());
    }

    /** The fingerprints of the contracts that running instances keep. */
    private Set<String> live(ServiceName service) throws InterruptedException {
        var live = new HashSet<String>();
        instances(service.value(), "", Integer.MAX_VALUE).forEach(instance -> live.add(instance.contract()));
        return live;
    }

    @Override
    public Optional<String> contract(String service) throws InterruptedException {
        return history(name(service)).newest().map(ServiceContract::text);
    }

    @Override
    public List<String> contracts(String service, String fingerprint) throws InterruptedException {
        ContractHistory known = history(name(service));
        return (fingerprint.isEmpty() ? known.newestFirst().stream() : known.find(fingerprint).stream())
                .map(ServiceContract::text)
                .toList();
    }

    private static Stream<ServiceContract> parsed(String text) {
        try {
            return Stream.of(ServiceContract.parse(text));
        } catch (ContractException e) {
            return Stream.empty(); // somebody else wrote it
        }
    }

    @Override
    public List<String> services() throws InterruptedException {
        return engine.services().stream().map(ServiceName::value).sorted().toList();
    }

    @Override
    public List<Instance> instances(String service, String after, int max) throws InterruptedException {
        return engine.instances(name(service)).stream()
                .flatMap(value -> {
                    try {
                        return Stream.of(format.read(value));
                    } catch (IllegalArgumentException e) {
                        return Stream.empty();
                    }
                })
                .filter(instance -> instance.id().compareTo(after) > 0)
                .sorted(Comparator.comparing(Instance::id))
                .limit(max)
                .toList();
    }

    @Override
    public Heard heard(String id, String token, long waitMillis) {
        throw new ServiceException(Code.UNIMPLEMENTED, "who has heard of what is in an engine cannot be known");
    }

    @Override
    public Heard drain(String id, boolean drained, long waitMillis) {
        throw new ServiceException(
                Code.UNIMPLEMENTED, "an engine's instances drain when their own processes say so: end " + id);
    }

    @Override
    public Overview overview() {
        throw new ServiceException(Code.UNIMPLEMENTED, "an engine tells itself how it is doing");
    }

    @Override
    public Page page(String next) throws InterruptedException {
        return mirror().service.page(next);
    }

    private static ServiceName name(String service) {
        try {
            return new ServiceName(service);
        } catch (IllegalArgumentException e) {
            throw new ServiceException(Code.INVALID_ARGUMENT, "service: " + e.getMessage());
        }
    }

    @Override
    public News watch(Map<String, Long> since, String epoch, long waitMillis, String watcher)
            throws InterruptedException {
        CachedView seen = mirror();
        var told = new TreeMap<>(since);
        var unclear = new TreeMap<String, String>();
        Optional<List<FollowedService>> asked = seen.follow(since.keySet());
        if (asked.isEmpty()) { // another mirror has taken its place
            return watch(since, epoch, waitMillis, watcher);
        }
        long untilNanos =
                time.nanoTime() + Duration.ofMillis(Backend.PATIENCE_MILLIS).toNanos(); // for all together
        for (FollowedService reflection : asked.get()) {
            reflection.expire();
            String trouble = reflection.trouble(untilNanos);
            if (!trouble.isEmpty()) {
                told.remove(reflection.service.value());
                unclear.put(reflection.service.value(), trouble);
            }
        }
        if (unclear.isEmpty()) {
            return seen.service.watch(told, epoch, Math.min(waitMillis, WAIT_MAX_MILLIS), watcher);
        }
        if (told.isEmpty()) { // it is not one service that is in trouble but the engine
            throw new ServiceException(Code.UNAVAILABLE, unclear.firstEntry().getValue());
        }
        News news = seen.service.watch(told, epoch, Math.min(waitMillis, UNCLEAR_WAIT_MAX_MILLIS), watcher);
        return new News(
                news.epoch(), news.revision(), news.complete(), news.changes(), news.later(), Optional.of(unclear));
    }

    @Override
    public void close() {
        CachedView last;
        lock.lock();
        try {
            closed = true;
            last = mirror;
        } finally {
            lock.unlock();
        }
        if (last != null) {
            last.close();
        }
        engine.close();
    }
}
