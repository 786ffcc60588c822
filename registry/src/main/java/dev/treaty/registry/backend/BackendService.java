package dev.treaty.registry.backend;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import dev.treaty.core.discovery.RemovalReason;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.discovery.SettingsStore.Stored;
import dev.treaty.core.time.Time;
import dev.treaty.registry.NetworkRegistry;
import dev.treaty.registry.RegistryProtocol;
import dev.treaty.registry.changes.Digest;
import dev.treaty.registry.server.RegistryService;
import dev.treaty.registry.server.RegistryTable;
import dev.treaty.registry.server.Requests;
import dev.treaty.registry.spi.Backend;
import dev.treaty.registry.spi.ContractHistory;
import dev.treaty.registry.spi.RegistryProvider.RegistryContext;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Implements the {@link RegistryProtocol} over a {@link Backend}, within the process, so that {@link NetworkRegistry}
 * uses a backend in the same way as a registry server.
 *
 * <p>Watches are answered from a {@link CachedView}. If the store was replaced by an empty one, clients see that as a
 * restart of the registry, and keep what they knew for a while. A backend does not report such a change by itself, so
 * its epoch is checked before every watch and every renewal, at most once a second.
 */
public final class BackendService implements RegistryProtocol, AutoCloseable {
    /** The longest wait of a watch, after which the epoch is checked again. */
    private static final long WAIT_MAX_MILLIS = 5_000;

    /** The longest wait of a watch while a service is unclear. */
    private static final long UNCLEAR_WAIT_MAX_MILLIS = 500;

    /** The shortest and the longest pause between two looks at what watchers have acknowledged. */
    private static final long PAUSE_NANOS = Duration.ofMillis(20).toNanos();

    private static final long PAUSE_MAX_NANOS = Duration.ofMillis(500).toNanos();

    private static final long CHECK_NANOS = Duration.ofSeconds(1).toNanos();

    private final Backend backend;
    private final RegistryContext context;
    private final StoreReader reader;
    private final Time time;
    private final Attendance attendance;
    private final FollowedSettings settings;
    private final Map<String, Held> held = new ConcurrentHashMap<>();
    private volatile long renewedAtNanos;
    private volatile boolean interrupted; // the store may have been set back since the last renewal
    private @Nullable CachedView view; // guarded by this, as all below
    private long checkedAtNanos;
    private boolean closed;

    /** An instance that this process has registered. */
    private record Held(ServiceInstance instance, Backend.Holding holding) {}

    /** @param address address of the registry as in a configuration, for messages */
    public BackendService(Backend backend, String address, RegistryContext context) {
        this.backend = backend;
        this.context = context;
        this.reader = new StoreReader(address, context);
        this.time = context.time();
        this.attendance = new Attendance(backend, RegistryTable.token(context.random()));
        this.settings = new FollowedSettings(backend, time);
        this.renewedAtNanos = time.nanoTime();
    }

    /** Whether the store keeps central settings. */
    public boolean keepsSettings() {
        return backend.keepsSettings();
    }

    /** Returns the view of the backend's current epoch. */
    private CachedView view() throws InterruptedException {
        synchronized (this) {
            checkOpen();
            if (view != null && time.nanoTime() - checkedAtNanos < CHECK_NANOS) {
                return view;
            }
        }
        String epoch;
        try {
            epoch = backend.epoch(RegistryTable.token(context.random()));
        } catch (ServiceException e) {
            interrupted = true;
            throw e;
        }
        CachedView current;
        CachedView outdated;
        synchronized (this) {
            checkOpen();
            checkedAtNanos = time.nanoTime();
            if (view != null && view.epoch.equals(epoch)) {
                return view;
            }
            outdated = view;
            interrupted |= outdated != null;
            current = new CachedView(epoch, backend, context, reader, attendance, this::checkEpochNext);
            view = current;
        }
        if (outdated != null) {
            outdated.close();
        }
        return current;
    }

    /** Returns what the store has and this process cannot read, if there is anything. */
    public Optional<String> problem() {
        return reader.problem("");
    }

    /** Returns what the store has of a service and this process cannot read, if there is anything. */
    public Optional<String> problem(ServiceName service) {
        return reader.problem(service + "/");
    }

    private void checkOpen() {
        if (closed) {
            throw new ServiceException(Code.UNAVAILABLE, "the client of the registry is closed");
        }
    }

    private synchronized void checkEpochNext() {
        checkedAtNanos = time.nanoTime() - CHECK_NANOS;
    }

    @Override
    public Granted register(Instance instance, String token, long leaseMillis) throws InterruptedException {
        ServiceInstance read = Requests.read("instance", () -> instance.read(time.instant()));
        String id = read.id();
        Requests.checkHealth(id, read.health());
        CachedView current = view();
        var holding = new Backend.Holding(id, read.service(), Digest.of(token)); // others may read it
        var added = new Held(read, holding);
        held.put(id, added); // first, so that it is released in the end even if the answer is lost
        Optional<Backend.Holding> other = backend.hold(holding, stating(read));
        if (other.isPresent()) {
            held.remove(id, added);
            throw other.get().owner().equals(holding.owner())
                    ? Requests.registeredForAnotherService(id, other.get().service())
                    : Requests.registeredByAnother(id);
        }
        return new Granted(current.servedEpoch(), backend.leaseMillis());
    }

    /** Returns the change of a stored text that its process makes when it reports a state. */
    private UnaryOperator<String> stating(ServiceInstance instance) {
        String json = write(instance);
        return before -> StoredInstance.of(before).with(json).text();
    }

    private String write(ServiceInstance instance) {
        return context.format().write(Instance.of(instance));
    }

    @Override
    public Renewed renew(List<Lease> leases) throws InterruptedException {
        CachedView current = view();
        Set<String> missing = renewLease();
        if (interrupted) {
            interrupted = false;
            for (Held each : held.values()) {
                if (!missing.contains(each.instance.id())) {
                    backend.change(each.holding, stating(each.instance));
                }
            }
        }
        List<String> unknown = leases.stream()
                .map(Lease::id)
                .filter(id -> !held.containsKey(id) || missing.contains(id))
                .toList();
        return new Renewed(current.servedEpoch(), unknown);
    }

    private Set<String> renewLease() throws InterruptedException {
        renewedAtNanos = time.nanoTime();
        try {
            return backend.renew(() -> held.values().stream().map(Held::holding).toList());
        } catch (ServiceException e) {
            interrupted = true;
            throw e;
        }
    }

    @Override
    public void report(String id, String token, Health health) throws InterruptedException {
        Held known = held.get(id);
        if (known == null) {
            throw Requests.notRegistered(id);
        }
        ServiceInstance changed = known.instance.withHealth(health.read(time.instant()));
        Requests.checkHealth(id, changed.health());
        if (!backend.change(known.holding, stating(changed))) {
            throw Requests.notRegistered(id);
        }
        held.replace(id, new Held(changed, known.holding));
    }

    @Override
    public void deregister(String id, String token) throws InterruptedException {
        Held known = held.get(id);
        if (known != null) {
            backend.release(known.holding, RemovalReason.CLOSED.text());
            held.remove(id, known);
        }
    }

    @Override
    public void publish(String contract, boolean force) throws InterruptedException {
        ServiceContract read = Requests.contract(contract);
        Set<String> live = instances(read.name().value(), "", Integer.MAX_VALUE, Optional.empty()).stream()
                .map(Instance::contract)
                .collect(Collectors.toSet());
        ContractHistory before = history(read.name());
        ContractHistory after = Requests.publish(before, read, live, force);
        backend.store(read.name(), read.version(), contract);
        for (Version version : before.versions()) {
            if (!after.versions().contains(version)) {
                backend.forget(read.name(), version);
            }
        }
    }

    private ContractHistory history(ServiceName service) throws InterruptedException {
        return ContractHistory.of(reader.contracts(service, backend.contracts(service)));
    }

    @Override
    public void withdraw(String service, String version) throws InterruptedException {
        ServiceName name = Requests.service(service);
        Version read = Requests.read("version", () -> Version.parse(version));
        List<Version> running = instances(service, "", Integer.MAX_VALUE, Optional.empty()).stream()
                .map(instance -> Version.parse(instance.version()))
                .toList();
        history(name).withdraw(name, read, running);
        backend.forget(name, read);
    }

    @Override
    public List<Renewal> renewals(String service, String after, int max) throws InterruptedException {
        return backend.renewals(Requests.service(service)).entrySet().stream()
                .filter(each -> each.getKey().compareTo(after) > 0)
                .sorted(Map.Entry.comparingByKey())
                .limit(max)
                .map(each -> new Renewal(each.getKey(), each.getValue()))
                .toList();
    }

    @Override
    public Optional<String> contract(String service) throws InterruptedException {
        return history(Requests.service(service)).texts("").stream().findFirst();
    }

    @Override
    public List<String> contracts(String service, String fingerprint) throws InterruptedException {
        return history(Requests.service(service)).texts(fingerprint);
    }

    @Override
    public List<String> services() throws InterruptedException {
        return reader.services(backend.services())
                .map(ServiceName::value)
                .sorted()
                .toList();
    }

    @Override
    public List<Instance> instances(String service, String after, int max, Optional<List<ServiceHealth.Status>> health)
            throws InterruptedException {
        ServiceName name = Requests.service(service);
        return reader.instances(name, backend.instances(name))
                .filter(instance -> instance.id().compareTo(after) > 0)
                .filter(instance -> health.isEmpty()
                        || health.get()
                                .contains(instance.health().map(Health::status).orElse(ServiceHealth.Status.UNKNOWN)))
                .sorted(Comparator.comparing(Instance::id))
                .limit(max)
                .toList();
    }

    @Override
    public Heard heard(String id, String token, long waitMillis) throws InterruptedException {
        Held known = held.get(id);
        if (known == null) {
            throw Requests.notRegistered(id);
        }
        return awaitAcknowledged(known.holding, UnaryOperator.identity(), waitMillis);
    }

    @Override
    public Heard drain(String id, boolean drained, long waitMillis) throws InterruptedException {
        Backend.Holding holding = backend.holding(id).orElseThrow(() -> Requests.notRegistered(id));
        Instant at = time.instant();
        return awaitAcknowledged(holding, before -> before.drained(drained, at), waitMillis);
    }

    /** Changes the state of an instance, asks its watchers to acknowledge that, and waits for them. */
    private Heard awaitAcknowledged(Backend.Holding holding, UnaryOperator<StoredInstance> change, long waitMillis)
            throws InterruptedException {
        long end = time.nanoTime() + Duration.ofMillis(waitMillis).toNanos();
        UnaryOperator<StoredInstance> next = change;
        for (long pause = PAUSE_NANOS; ; pause = Math.min(2 * pause, PAUSE_MAX_NANOS)) {
            var asked = new AtomicReference<>("");
            boolean known = backend.change(holding, before -> {
                StoredInstance changed = next.apply(StoredInstance.of(before));
                asked.set(new StoredInstance(changed.json(), changed.drained(), true).text());
                return asked.get();
            });
            if (!known) {
                throw Requests.notRegistered(holding.id());
            }
            String digest = Digest.of(asked.get());
            long missing = reader.watchers(holding.service(), backend.watchers(holding.service()))
                    .filter(acknowledged -> !acknowledged.contains(digest))
                    .count();
            if (missing == 0 || end - time.nanoTime() <= 0) {
                return new Heard((int) missing);
            }
            time.sleep(Math.min(pause, Math.max(1, end - time.nanoTime())));
        }
    }

    @Override
    public Overview overview() {
        throw unimplemented("a backend has no overview: use its own tools");
    }

    private static ServiceException unimplemented(String message) {
        return new ServiceException(Code.UNIMPLEMENTED, message);
    }

    @Override
    public Page page(String next) throws InterruptedException {
        return view().service.page(next);
    }

    @Override
    public News watch(Map<String, Long> since, String epoch, long waitMillis, String watcher)
            throws InterruptedException {
        CachedView current = view();
        if (time.nanoTime() - renewedAtNanos
                > context.policy().lease().dividedBy(3).toNanos()) {
            renewLease(); // it also holds that this process watches
        }
        var clear = new TreeMap<>(since);
        Optional<List<CachedView.FollowedService>> followed = current.follow(since, epoch, watcher);
        if (followed.isEmpty()) { // another view has replaced it
            return watch(since, epoch, waitMillis, watcher);
        }
        var unclear = new TreeMap<String, String>();
        long untilNanos =
                time.nanoTime() + Duration.ofMillis(Backend.PATIENCE_MILLIS).toNanos(); // for all together
        for (CachedView.FollowedService each : followed.get()) {
            String problem = each.awaitProblem(untilNanos);
            if (!problem.isEmpty()) {
                clear.remove(each.name.value());
                unclear.put(each.name.value(), problem);
            }
        }
        if (unclear.isEmpty()) {
            return current.service.watch(clear, epoch, Math.min(waitMillis, WAIT_MAX_MILLIS), watcher);
        }
        if (clear.isEmpty()) { // not a problem of one service, but of the backend
            throw new ServiceException(Code.UNAVAILABLE, unclear.firstEntry().getValue());
        }
        News news = current.service.watch(clear, epoch, Math.min(waitMillis, UNCLEAR_WAIT_MAX_MILLIS), watcher);
        return new News(
                news.epoch(), news.revision(), news.complete(), news.changes(), news.later(), Optional.of(unclear));
    }

    @Override
    public Optional<Kept> settings(String seen, long waitMillis) throws InterruptedException {
        return RegistryService.kept(
                waitMillis > 0
                        ? settings.await(seen, Duration.ofMillis(waitMillis).toNanos())
                        : settings.read());
    }

    @Override
    public boolean replaceSettings(long expected, long number, String text) throws InterruptedException {
        return settings.replace(expected, new Stored(number, text));
    }

    @Override
    public void close() {
        settings.close();
        CachedView last;
        synchronized (this) {
            closed = true;
            last = view;
        }
        if (last != null) {
            last.close();
        }
        backend.close();
    }
}
