package dev.treaty.registry.server;

import dev.treaty.core.call.CallContext;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.discovery.SettingsStore;
import dev.treaty.core.event.BackgroundThread;
import dev.treaty.core.event.EventStream;
import dev.treaty.core.event.Events;
import dev.treaty.core.health.HealthSource;
import dev.treaty.core.security.AccessControl;
import dev.treaty.core.time.Promise;
import dev.treaty.core.time.Time;
import dev.treaty.registry.RegistryLimits;
import dev.treaty.registry.RegistryProtection;
import dev.treaty.registry.RegistryProtocol;
import dev.treaty.registry.changes.ChangeLog;
import dev.treaty.registry.changes.CurrentSettings;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Implements the registry server: answers the {@link RegistryProtocol} from a {@link RegistryTable}, and ends leases
 * when they expire. A watch waits until something changes, so that changes are pushed although every exchange is one
 * request and one answer.
 */
public final class RegistryService implements RegistryProtocol, HealthSource, AutoCloseable {
    /** The longest wait of a watch; many proxies end a request after half a minute. */
    public static final Duration WAIT_MAX = Duration.ofSeconds(25);

    /** The name of this registry in events: it does not know the address that clients use. */
    static final String SELF = "served here";

    private static final String EXPIRY = "expiry";

    /** The longest pause between two checks of leases, which detect that this process was stopped. */
    private static final long CHECK_NANOS = Duration.ofSeconds(1).toNanos();

    /** The most instances in one answer. */
    private static final int PAGE_INSTANCES_MAX = 10_000;

    /** The size of an answer, in bytes of JSON, if very many clients wait for one. */
    private static final int PAGE_BYTES_MIN = 1 << 15;

    /** What a waiting request takes of memory, beside its connection. */
    private static final int WAITING_BYTES = 8 << 10;

    /** What a service that a watch names takes of memory. */
    private static final int WATCHED_BYTES = 512;

    /** How long before its deadline a watch is answered, so that the answer arrives in time. */
    private static final long MARGIN_NANOS = Duration.ofMillis(250).toNanos();

    private final RegistryTable table;
    private final CallerCheck check;
    private final Time time;
    private final Events events;
    private final ResultPages pages = new ResultPages();
    private final AtomicInteger waitingRequests = new AtomicInteger();
    private final MemoryBudget memory;
    private final Set<ChangeLog.Waiter> waiters = ConcurrentHashMap.newKeySet();

    /** The current watch of each watcher: a client that asks again leaves no earlier watch behind. */
    private final Map<String, ChangeLog.Waiter> watches = new ConcurrentHashMap<>();

    /** The answers at the newest revision that was answered. */
    private volatile Answers answers = new Answers(0, Map.of());

    private final Promise<Boolean> closed = new Promise<>();

    /** Starts a registry that each caller may use. */
    public RegistryService(RegistryTable table, Time time, Events events) {
        this(table, RegistryProtection.OFF, time, events);
    }

    /**
     * Starts to let leases expire.
     *
     * @param events receives what is wrong with the registry, such as that many leases expire at once, so that
     *     instances are kept; and when that is over
     * @param protection who may do what; a caller without permission gets the fault permission_denied
     */
    public RegistryService(RegistryTable table, RegistryProtection protection, Time time, Events events) {
        this.table = table;
        this.check = new CallerCheck(protection);
        this.time = time;
        this.events = EventStream.guarded(events);
        this.memory = new MemoryBudget("waiting watches", table.limits().memory() / 4);
        BackgroundThread.virtual("treaty-registry-leases", time, this.events, this::expireLeases)
                .start();
    }

    private void expireLeases() throws InterruptedException {
        // No new lease expires earlier than the shortest one, so a new lease does not have to wake this thread.
        long longest = Math.min(table.limits().leaseMin().toNanos(), CHECK_NANOS);
        while (closed.now() == null) {
            long now = time.nanoTime();
            long left;
            try {
                left = expireLeases(now);
            } catch (RuntimeException | Error e) {
                table.problems().begin(EXPIRY, "the registry cannot let leases expire: " + e, events);
                throw e;
            }
            table.problems().end(EXPIRY, "the registry lets leases expire again", events);
            Thread.interrupted(); // set by a subscriber
            closed.await(time, now + Math.min(left, longest) - time.nanoTime());
        }
    }

    private long expireLeases(long now) {
        long left = table.expire(now, time.instant());
        table.acks().removeGone(now);
        pages.removeExpired(now);
        table.reportHeld(events);
        return left;
    }

    /** Warns while the registry has a problem: it keeps stale instances, or cannot save its state. */
    @Override
    public ServiceHealth health() {
        var problems = table.problem();
        var status = problems.isEmpty() ? ServiceHealth.Status.PASSING : ServiceHealth.Status.WARNING;
        return new ServiceHealth(status, problems.orElse(""), time.instant(), Map.of()).truncated();
    }

    /** Stops to let leases expire, and answers every waiting watch. */
    @Override
    public void close() {
        closed.complete(true);
        waiters.forEach(ChangeLog.Waiter::close);
        table.settings().wake();
    }

    @Override
    public Granted register(Instance instance, String token, long leaseMillis) {
        if (leaseMillis <= 0) {
            throw Requests.invalid("leaseMillis is " + leaseMillis + ": use 1 or more");
        }
        var now = time.instant();
        var read = Requests.read("instance", () -> notInFuture(instance.read(now), now));
        check.require(read.service(), AccessControl.REGISTER);
        check.checkEndpoint(read.id(), read.endpoint());
        Duration granted =
                table.register(read, check.registrant(token), Duration.ofMillis(leaseMillis), time.nanoTime(), now);
        return new Granted(table.epoch(), granted.toMillis());
    }

    /** Clocks of machines differ: a timestamp in the future becomes now. */
    private static ServiceInstance notInFuture(ServiceInstance instance, Instant now) {
        var read = instance.withHealth(notInFuture(instance.health(), now));
        return read.startedAt().isAfter(now) ? read.withStartedAt(now) : read;
    }

    private static ServiceHealth notInFuture(ServiceHealth health, Instant now) {
        return health.timestamp().isAfter(now) ? health.withTimestamp(now) : health;
    }

    @Override
    public Renewed renew(List<Lease> leases) {
        checkBatch("leases", leases.size());
        List<String> unknown = leases.stream()
                .filter(lease -> !mayChange(lease.id())
                        || !table.renew(lease.id(), check.registrant(lease.token()), time.nanoTime(), time.instant()))
                .map(Lease::id)
                .toList();
        return new Renewed(table.epoch(), unknown);
    }

    /** Whether the caller may register the service of an instance; an unknown one is for others to report. */
    private boolean mayChange(String id) {
        return !check.enforced()
                || table.service(id)
                        .filter(service -> !check.may(service, AccessControl.REGISTER))
                        .isEmpty();
    }

    private Registrant registrant(String id, String token) {
        require(id, AccessControl.REGISTER);
        return check.registrant(token);
    }

    private void require(String id, String action) {
        if (check.enforced()) {
            table.service(id).ifPresent(service -> check.require(service, action));
        }
    }

    @Override
    public void report(String id, String token, Health health) {
        var now = time.instant();
        table.report(
                id,
                registrant(id, token),
                Requests.read("health", () -> notInFuture(health.read(now), now)),
                time.nanoTime(),
                now);
    }

    @Override
    public void deregister(String id, String token) {
        table.remove(id, registrant(id, token), time.instant());
    }

    @Override
    public void publish(String contract, boolean force) {
        table.publish(contract, force, check.registrant(""), service -> {
            check.require(service, AccessControl.PUBLISH);
            if (force) {
                check.require(service, AccessControl.FORCE);
            }
        });
    }

    @Override
    public void withdraw(String service, String version) {
        ServiceName name = Requests.service(service);
        check.require(name, AccessControl.WITHDRAW);
        table.withdraw(name, Requests.read("version", () -> Version.parse(version)));
    }

    private ServiceName watched(String service) {
        ServiceName name = Requests.service(service);
        check.require(name, AccessControl.WATCH);
        return name;
    }

    @Override
    public Optional<String> contract(String service) {
        return table.contracts(watched(service)).texts("").stream().findFirst();
    }

    @Override
    public List<String> contracts(String service, String fingerprint) {
        return table.contracts(watched(service)).texts(fingerprint);
    }

    @Override
    public List<String> services() {
        return table.services().stream()
                .filter(service -> check.may(service, AccessControl.WATCH))
                .map(ServiceName::value)
                .toList();
    }

    @Override
    public List<Instance> instances(
            String service, String after, int max, Optional<List<ServiceHealth.Status>> health) {
        checkPage(after, max);
        var page = new ArrayList<Instance>();
        long left = pageBytes();
        for (ServiceInstance instance :
                table.changes().instances(watched(service)).after(after)) {
            if (health.isPresent() && !health.get().contains(instance.health().status())) {
                continue;
            }
            left -= ResultPages.bytes(instance);
            if (page.size() == max || (left < 0 && !page.isEmpty())) {
                break;
            }
            page.add(Instance.of(instance));
        }
        return page;
    }

    @Override
    public List<Renewal> renewals(String service, String after, int max) {
        checkPage(after, max);
        var instances = table.changes().instances(watched(service)).after(after);
        return table.renewals(instances, max, time.nanoTime(), time.instant()).entrySet().stream()
                .map(entry -> new Renewal(entry.getKey(), entry.getValue()))
                .toList();
    }

    private static void checkPage(String after, int max) {
        if (max < 1 || max > PAGE_INSTANCES_MAX) {
            throw Requests.invalid("max is " + max + ": use 1 to " + PAGE_INSTANCES_MAX);
        }
        Requests.checkLength("after", after.length(), ServiceInstance.ID_LENGTH_MAX);
    }

    @Override
    public Page page(String next) {
        return pages.next(next, pageBytes(), table.newToken(), time.nanoTime());
    }

    @Override
    public Heard heard(String id, String token, long waitMillis) throws InterruptedException {
        table.checkOwner(id, registrant(id, token));
        return acknowledged(id, waitMillis);
    }

    @Override
    public Heard drain(String id, boolean drained, long waitMillis) throws InterruptedException {
        require(id, AccessControl.DRAIN);
        table.drain(id, drained, time.instant());
        return acknowledged(id, waitMillis);
    }

    private Heard acknowledged(String id, long waitMillis) throws InterruptedException {
        return waiting(0, () -> {
            long begin = time.nanoTime();
            int missing = table.awaitAcknowledged(id, time, waitNanos(waitMillis));
            waitedSince(begin);
            return new Heard(missing);
        });
    }

    @Override
    public Overview overview() {
        check.requireOfRegistry(AccessControl.WATCH);
        return table.overview(waitingRequests.get(), time.nanoTime());
    }

    @Override
    public News watch(Map<String, Long> since, String epoch, long waitMillis, String watcher)
            throws InterruptedException {
        checkBatch("services", since.size());
        Requests.checkLength("the watcher", watcher.length(), RegistryLimits.TOKEN_LENGTH_MAX);
        boolean current = epoch.equals(table.epoch());
        var seen = new TreeMap<ServiceName, Long>();
        since.forEach((service, revision) -> seen.put(watched(service), current ? revision : 0));
        String own = check.own(watcher);
        return waiting(seen.size(), () -> watch(seen, time.nanoTime() + waitNanos(waitMillis), own));
    }

    private News watch(Map<ServiceName, Long> seen, long endNanos, String watcher) throws InterruptedException {
        var waiter = table.changes().new Waiter();
        if (watcher.isEmpty()) {
            return news(seen, endNanos, waiter);
        }
        ChangeLog.Waiter before = watches.put(watcher, waiter);
        if (before != null) {
            before.close();
        }
        if (seen.isEmpty()) { // watches nothing any more
            watches.remove(watcher, waiter);
            table.acks().remove(watcher);
            return news(seen, time.nanoTime(), waiter);
        }
        table.acks().acknowledge(watcher, Map.copyOf(seen), time.nanoTime());
        try {
            return news(seen, endNanos, waiter);
        } finally {
            if (watches.remove(watcher, waiter)) {
                table.acks().notified(watcher, time.nanoTime());
            }
        }
    }

    @Override
    public Optional<Kept> settings(String seen, long waitMillis) throws InterruptedException {
        check.requireOfRegistry(AccessControl.WATCH);
        Requests.checkLength("seen", seen.length(), RegistryLimits.TOKEN_LENGTH_MAX);
        if (waitMillis <= 0) {
            return awaitSettings(seen, 0);
        }
        return waiting(0, () -> {
            long begin = time.nanoTime();
            Optional<Kept> kept = awaitSettings(seen, waitNanos(waitMillis));
            waitedSince(begin);
            return kept;
        });
    }

    private Optional<Kept> awaitSettings(String seen, long nanos) throws InterruptedException {
        return kept(table.settings().await(seen, () -> closed.now() != null, time, nanos));
    }

    /** Returns the answer for settings; an empty one for null. */
    public static Optional<Kept> kept(CurrentSettings.@Nullable Known known) {
        return Optional.ofNullable(known)
                .map(each -> new Kept(each.stored().number(), each.stored().text(), each.mark()));
    }

    @Override
    public boolean replaceSettings(long expected, long number, String text) throws InterruptedException {
        check.requireOfRegistry(AccessControl.SETTINGS);
        boolean replaced = Requests.read(
                "settings", () -> table.replaceSettings(expected, new SettingsStore.Stored(number, text)));
        if (replaced) {
            table.awaitSaved(time);
        }
        return replaced;
    }

    @FunctionalInterface
    private interface WaitingRequest<T> {
        T answer() throws InterruptedException;
    }

    /** Every waiting request holds a thread and a connection, and a watch what it names, so both are limited. */
    private <T> T waiting(int services, WaitingRequest<T> request) throws InterruptedException {
        long bytes = WAITING_BYTES + (long) WATCHED_BYTES * services;
        memory.replace(0, bytes);
        try {
            if (waitingRequests.incrementAndGet() > table.limits().watches()) {
                throw Requests.limitReached(
                        table.limits().watches() + " watches are waiting, which is the limit: try again later");
            }
            return request.answer();
        } finally {
            waitingRequests.decrementAndGet();
            memory.replace(bytes, 0);
        }
    }

    /** Returns the size of an answer: if many clients wait, all may be answered at once. */
    private int pageBytes() {
        long share = table.limits().memory() / 4 / Math.max(1, waitingRequests.get());
        return Math.clamp(share, PAGE_BYTES_MIN, ResultPages.PAGE_BYTES);
    }

    /** Leaves the time since then out of the latency of this call. */
    private void waitedSince(long nanos) {
        CallContext.current().ifPresent(context -> context.record().waited(time.nanoTime() - nanos));
    }

    private long waitNanos(long requestedMillis) {
        long requested = Duration.ofMillis(Math.clamp(requestedMillis, 0, WAIT_MAX.toMillis()))
                .toNanos();
        return CallContext.current()
                .map(context -> Math.min(requested, context.deadline().remainingNanos(time) - MARGIN_NANOS))
                .orElse(requested);
    }

    /** Waits until there are changes, the time is over, or the waiter is closed. */
    private News news(Map<ServiceName, Long> since, long endNanos, ChangeLog.Waiter waiter)
            throws InterruptedException {
        waiters.add(waiter);
        try {
            while (true) {
                var reading = table.changes().read(since);
                if (!reading.isEmpty()) {
                    return answer(since, reading);
                }
                long left = endNanos - time.nanoTime();
                if (left <= 0 || waiter.isClosed() || closed.now() != null) {
                    return news(reading);
                }
                long begin = time.nanoTime();
                long unchanged = waiter.await(since.keySet(), reading.revision(), time, left);
                waitedSince(begin);
                since.replaceAll((_, _) -> unchanged);
            }
        } finally {
            waiters.remove(waiter);
        }
    }

    /**
     * The answers at one revision, by what a watcher had seen before. They depend on these two alone, so watchers that
     * have seen the same get the same object, which is built and encoded once.
     */
    private record Answers(long revision, Map<Map<ServiceName, Long>, News> bySeen) {
        /** The most answers that are kept; watchers that have seen something else get their own. */
        static final int ANSWERS_MAX = 16;
    }

    private News answer(Map<ServiceName, Long> since, ChangeLog.Reading reading) {
        Answers known = answers;
        if (known.revision < reading.revision()) {
            known = new Answers(reading.revision(), new ConcurrentHashMap<>());
            answers = known;
        }
        News shared = known.revision == reading.revision() ? known.bySeen.get(since) : null;
        if (shared != null) {
            return shared;
        }
        News news = news(reading);
        boolean paged = news.complete().stream().anyMatch(set -> !set.next().isEmpty()); // the rest expires
        if (paged || known.revision > reading.revision() || known.bySeen.size() >= Answers.ANSWERS_MAX) {
            return news;
        }
        News earlier = known.bySeen.putIfAbsent(Map.copyOf(since), news);
        return earlier == null ? news : earlier;
    }

    /** Returns as many changes as fit into an answer: single changes first, since they are processed quickly. */
    private News news(ChangeLog.Reading reading) {
        long left = pageBytes();
        long revision = reading.revision();
        var changes = new ArrayList<Change>();
        for (ChangeLog.Change change : reading.changes()) {
            left -= ResultPages.bytes(change.event().instance());
            if (left < 0 && !changes.isEmpty()) {
                left = 0;
                revision = change.revision() - 1;
                break;
            }
            changes.add(Change.of(change.event()));
        }
        var complete = new ArrayList<Complete>();
        List<String> later = new ArrayList<>();
        for (var each : reading.complete().entrySet()) {
            String service = each.getKey().value();
            // A complete set has the newest revision, so it cannot be in one answer with changes that end earlier.
            if (revision < reading.revision() || (left <= 0 && !complete.isEmpty())) {
                later.add(service);
            } else {
                Page page = pages.first(each.getValue(), (int) Math.max(1, left), table.newToken(), time.nanoTime());
                complete.add(new Complete(service, page.instances(), page.next()));
                int sent = page.instances().size();
                left -= service.length()
                        + each.getValue().subList(0, sent).stream()
                                .mapToLong(ResultPages::bytes)
                                .sum();
            }
        }
        return new News(
                table.epoch(),
                revision,
                complete,
                changes,
                Optional.of(later).filter(l -> !l.isEmpty()),
                Optional.empty());
    }

    private static void checkBatch(String what, int size) {
        if (size > RegistryLimits.BATCH_MAX) {
            throw Requests.invalid("the request names " + size + " " + what + ": at most " + RegistryLimits.BATCH_MAX
                    + " are allowed, so split it");
        }
    }
}
