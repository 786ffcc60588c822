package dev.treaty.registry.server;

import dev.treaty.core.call.CallContext;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.event.Event;
import dev.treaty.core.event.Events;
import dev.treaty.core.time.Promise;
import dev.treaty.core.time.Time;
import dev.treaty.registry.RegistryLimits;
import dev.treaty.registry.RegistryProtocol;
import dev.treaty.registry.changes.ChangeLog;
import dev.treaty.registry.spi.ContractHistory;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Offers a {@link RegistryTable} to the network. Leases end here, each at its moment and in their order; a watch waits
 * until something changes, so that changes are pushed although every exchange is one request and one answer.
 */
public final class RegistryService implements RegistryProtocol, AutoCloseable {
    /** The longest that a watch waits; under the half minute after which many proxies give up. */
    public static final Duration WAIT_MAX = Duration.ofSeconds(25);

    /** What this registry is called in events: it does not know by what address others reach it. */
    static final String SELF = "served here";

    /** How often it is looked whether this process was stopped, if nothing else is to be done. */
    private static final long LOOK_NANOS = Duration.ofSeconds(1).toNanos();

    /** The most instances that can be asked for at a time. */
    private static final int PAGE_INSTANCES_MAX = 10_000;

    /** How long before its deadline a watch answers, so that the answer arrives in time. */
    private static final long MARGIN_NANOS = Duration.ofMillis(250).toNanos();

    private final RegistryTable table;
    private final Time time;
    private final Events events;
    private final ResultPages pages = new ResultPages();
    private final AtomicInteger watches = new AtomicInteger();

    /** What was answered last to those who had heard the same: most followers of a service have. */
    private volatile Told told = new Told(0, Map.of());

    /** The last watch of each watcher, so that a client which asks otherwise leaves no watch waiting behind. */
    private final Map<String, Watch> last = new ConcurrentHashMap<>();

    private final Promise<Boolean> closed = new Promise<>();

    /**
     * Begins to end leases that are not renewed.
     *
     * @param events told when many leases end at once, so that instances are kept, and when that is over
     */
    public RegistryService(RegistryTable table, Time time, Events events) {
        this.table = table;
        this.time = time;
        this.events = events;
        Thread.ofVirtual().name("treaty-registry-leases").start(this::expire);
    }

    private void expire() {
        // No lease granted meanwhile can end before the shortest one would, so nobody needs to wake this thread.
        long longest = Math.min(table.limits().leaseMin().toNanos(), LOOK_NANOS);
        boolean preserving = false;
        try {
            while (closed.now() == null) {
                long now = time.nanoTime();
                long left = table.expire(now, time.instant());
                table.audience().forgetGone(now);
                pages.forget(now);
                var figures = table.figures(now);
                if (preserving != figures.held() > 0) {
                    preserving = !preserving;
                    events.emit(new Event.RegistryChanged(SELF, true, preserved(preserving, figures)));
                }
                closed.await(time, now + Math.min(left, longest) - time.nanoTime());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static String preserved(boolean preserving, RegistryTable.Figures figures) {
        return preserving
                ? "many leases ended at once: " + figures.removedLately() + " instances were taken out, "
                        + figures.held() + " are kept as stale until they renew or their turn comes"
                : "no instance is kept as stale any more";
    }

    /** Stops ending leases and answers every waiting watch. */
    @Override
    public void close() {
        closed.complete(true);
        table.catalog().wake();
    }

    @Override
    public Granted register(Instance instance, String token, long leaseMillis) {
        if (leaseMillis <= 0) {
            throw new ServiceException(Code.INVALID_ARGUMENT, "leaseMillis is " + leaseMillis + ": use 1 or more");
        }
        var now = time.instant();
        var read = checked("instance", () -> notAhead(instance.read(now), now));
        Duration granted = table.register(read, token, Duration.ofMillis(leaseMillis), time.nanoTime(), now);
        return new Granted(table.epoch(), granted.toMillis());
    }

    /** Clocks differ: what happened cannot have happened later than now, by whatever clock it was noted. */
    private static ServiceInstance notAhead(ServiceInstance instance, Instant now) {
        var read = instance.withHealth(notAhead(instance.health(), now));
        return read.startedAt().isAfter(now) ? read.withStartedAt(now) : read;
    }

    private static ServiceHealth notAhead(ServiceHealth health, Instant now) {
        return health.timestamp().isAfter(now)
                ? new ServiceHealth(health.status(), health.message(), now, health.details())
                : health;
    }

    @Override
    public Renewed renew(List<Lease> leases) {
        refuseOver("leases", leases.size());
        var unknown = new ArrayList<String>();
        for (Lease lease : leases) {
            if (!table.renew(lease.id(), lease.token(), time.nanoTime(), time.instant())) {
                unknown.add(lease.id());
            }
        }
        return new Renewed(table.epoch(), unknown);
    }

    @Override
    public void report(String id, String token, Health health) {
        var now = time.instant();
        table.report(id, token, checked("health", () -> notAhead(health.read(now), now)), time.nanoTime(), now);
    }

    @Override
    public void deregister(String id, String token) {
        table.remove(id, token, "closed", time.instant());
    }

    @Override
    public void publish(String contract, boolean force) {
        RegistryLimits.length("the contract", contract, RegistryLimits.CONTRACT_LENGTH_MAX);
        table.publish(checked("contract", () -> ServiceContract.parse(contract)), force);
    }

    @Override
    public Optional<String> contract(String service) {
        return table.contracts(name(service)).newest().map(ServiceContract::text);
    }

    @Override
    public List<String> contracts(String service, String fingerprint) {
        ContractHistory history = table.contracts(name(service));
        List<ServiceContract> asked = fingerprint.isEmpty()
                ? history.newestFirst()
                : history.find(fingerprint).stream().toList();
        return asked.stream().map(ServiceContract::text).toList();
    }

    @Override
    public List<String> services() {
        return table.services().stream().map(ServiceName::value).toList();
    }

    @Override
    public List<Instance> instances(String service, String after, int max) {
        if (max < 1 || max > PAGE_INSTANCES_MAX) {
            throw new ServiceException(Code.INVALID_ARGUMENT, "max is " + max + ": use 1 to " + PAGE_INSTANCES_MAX);
        }
        RegistryLimits.length("after", after, ServiceInstance.ID_LENGTH_MAX);
        var page = new ArrayList<Instance>();
        long left = ResultPages.PAGE_BYTES;
        for (ServiceInstance instance : table.catalog().roster(name(service)).after(after, max)) {
            left -= ResultPages.bytes(instance);
            if (left < 0 && !page.isEmpty()) {
                break;
            }
            page.add(Instance.of(instance));
        }
        return page;
    }

    @Override
    public Page page(String next) {
        return pages.next(next, table.newToken(), time.nanoTime());
    }

    @Override
    public Heard heard(String id, String token, long waitMillis) throws InterruptedException {
        table.refuseStrangers(id, token);
        return heard(id, waitMillis);
    }

    @Override
    public Heard drain(String id, boolean drained, long waitMillis) throws InterruptedException {
        table.drain(id, drained, time.instant());
        return heard(id, waitMillis);
    }

    private Heard heard(String id, long waitMillis) throws InterruptedException {
        return new Heard(waiting(() -> table.awaitHeard(id, time, waitNanos(waitMillis))));
    }

    @Override
    public Overview overview() {
        var figures = table.figures(time.nanoTime());
        return new Overview(
                table.epoch(),
                figures.revision(),
                figures.services(),
                figures.instances(),
                figures.contracts(),
                watches.get(),
                figures.held(),
                figures.removedLately(),
                figures.out());
    }

    @Override
    public News watch(Map<String, Long> since, String epoch, long waitMillis, String watcher)
            throws InterruptedException {
        refuseOver("services", since.size());
        RegistryLimits.length("the watcher", watcher, RegistryLimits.TOKEN_LENGTH_MAX);
        boolean current = epoch.equals(table.epoch());
        var seen = new TreeMap<ServiceName, Long>();
        since.forEach((service, revision) -> seen.put(name(service), current ? revision : 0));
        return waiting(() -> watch(seen, time.nanoTime() + waitNanos(waitMillis), watcher));
    }

    private News watch(Map<ServiceName, Long> seen, long endNanos, String watcher) throws InterruptedException {
        var watch = new Watch();
        if (watcher.isEmpty()) {
            return watch.news(seen, endNanos);
        }
        Watch before = last.put(watcher, watch);
        if (before != null) {
            before.end();
        }
        if (seen.isEmpty()) { // follows nothing any more
            last.remove(watcher, watch);
            table.audience().left(watcher);
            return watch.news(seen, time.nanoTime());
        }
        table.audience().heard(watcher, Map.copyOf(seen), time.nanoTime());
        try {
            return watch.news(seen, endNanos);
        } finally {
            if (last.remove(watcher, watch)) {
                table.audience().told(watcher, time.nanoTime());
            }
        }
    }

    @FunctionalInterface
    private interface Wait<T> {
        T answer() throws InterruptedException;
    }

    /** Every request that waits holds a thread and a connection, so there is a limit to them. */
    private <T> T waiting(Wait<T> wait) throws InterruptedException {
        if (watches.incrementAndGet() > table.limits().watches()) {
            watches.decrementAndGet();
            throw new ServiceException(
                    Code.RESOURCE_EXHAUSTED,
                    table.limits().watches() + " watches are waiting, which is the limit: try again later");
        }
        try {
            return wait.answer();
        } finally {
            watches.decrementAndGet();
        }
    }

    private long waitNanos(long wishMillis) {
        long wish = Duration.ofMillis(Math.clamp(wishMillis, 0, WAIT_MAX.toMillis()))
                .toNanos();
        return CallContext.current()
                .map(context -> Math.min(wish, context.deadline().remainingNanos(time) - MARGIN_NANOS))
                .orElse(wish);
    }

    /** A watch that may have to wait. */
    private final class Watch {
        private volatile boolean ended;
        private volatile ChangeLog.@Nullable Waiter waiting;

        void end() {
            ended = true;
            var waiter = waiting;
            if (waiter != null) {
                waiter.changed().complete(0L);
            }
        }

        News news(Map<ServiceName, Long> since, long endNanos) throws InterruptedException {
            var catalog = table.catalog();
            while (true) {
                var reading = catalog.read(since);
                long left = endNanos - time.nanoTime();
                if (!reading.empty()) {
                    return RegistryService.this.news(since, reading);
                }
                if (left <= 0 || ended || closed.now() != null) {
                    return RegistryService.this.news(reading);
                }
                since.replaceAll((_, _) -> reading.revision());
                var waiter = catalog.await(since.keySet(), reading.revision());
                waiting = waiter;
                try {
                    if (!ended && closed.now() == null) { // looked at after enlisting, so that no end is missed
                        Long unchanged = waiter.changed().await(time, left);
                        if (unchanged != null && unchanged > reading.revision()) {
                            since.replaceAll((_, _) -> unchanged);
                        }
                    }
                } finally {
                    catalog.leave(waiter);
                }
            }
        }
    }

    /**
     * The answers at one revision, by what was heard before. What is new follows from these two alone, so that whoever
     * has heard the same is given the same object, which is put together and encoded once.
     */
    private record Told(long revision, Map<Map<ServiceName, Long>, News> answers) {
        /** The most different answers that are kept; followers who heard of other things get their own. */
        static final int ANSWERS_MAX = 16;
    }

    private News news(Map<ServiceName, Long> since, ChangeLog.Reading reading) {
        Told now = told;
        if (now.revision < reading.revision()) {
            now = new Told(reading.revision(), new ConcurrentHashMap<>());
            told = now;
        }
        if (now.revision > reading.revision()) {
            return news(reading);
        }
        News known = now.answers.get(since);
        if (known != null) {
            return known;
        }
        News made = news(reading);
        boolean whole = made.complete().stream().allMatch(set -> set.next().isEmpty()); // the rest is kept for a while
        if (!whole || now.answers.size() >= Told.ANSWERS_MAX) {
            return made;
        }
        News sooner = now.answers.putIfAbsent(Map.copyOf(since), made);
        return sooner == null ? made : sooner;
    }

    /** As much of what is new as fits into an answer: changes first, since they are quickly taken in. */
    private News news(ChangeLog.Reading reading) {
        long left = ResultPages.PAGE_BYTES;
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
            // A whole set is of the newest revision: it may not stand beside changes that end before that.
            if (revision < reading.revision() || (left <= 0 && !complete.isEmpty())) {
                later.add(each.getKey().value());
            } else {
                Page page = pages.first(each.getValue(), (int) Math.max(1, left), table.newToken(), time.nanoTime());
                complete.add(new Complete(each.getKey().value(), page.instances(), page.next()));
                for (ServiceInstance sent :
                        each.getValue().subList(0, page.instances().size())) {
                    left -= ResultPages.bytes(sent);
                }
                left -= each.getKey().value().length();
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

    private static ServiceName name(String service) {
        return checked("service", () -> new ServiceName(service));
    }

    private static <T> T checked(String what, Supplier<T> read) {
        try {
            return read.get();
        } catch (IllegalArgumentException e) {
            throw new ServiceException(Code.INVALID_ARGUMENT, what + ": " + e.getMessage());
        }
    }

    private static void refuseOver(String what, int size) {
        if (size > RegistryLimits.BATCH_MAX) {
            throw new ServiceException(
                    Code.INVALID_ARGUMENT,
                    "the request names " + size + " " + what + ": at most " + RegistryLimits.BATCH_MAX
                            + " are allowed, so split it");
        }
    }
}
