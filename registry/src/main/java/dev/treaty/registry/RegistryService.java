package dev.treaty.registry;

import dev.treaty.core.call.CallContext;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.time.Promise;
import dev.treaty.core.time.Time;
import java.time.Duration;
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

    /** How long before its deadline a watch answers, so that the answer arrives in time. */
    private static final long MARGIN_NANOS = Duration.ofMillis(250).toNanos();

    private final RegistryTable table;
    private final Time time;
    private final AtomicInteger watches = new AtomicInteger();

    /** The last watch of each watcher, so that a client which asks otherwise leaves no watch waiting behind. */
    private final Map<String, Watch> last = new ConcurrentHashMap<>();

    private final Promise<Boolean> closed = new Promise<>();

    /** Begins to end leases that are not renewed. */
    public RegistryService(RegistryTable table, Time time) {
        this.table = table;
        this.time = time;
        Thread.ofVirtual().name("treaty-registry-leases").start(this::expire);
    }

    private void expire() {
        // No lease granted meanwhile can end before the shortest one would, so nobody needs to wake this thread.
        long longest = table.limits().leaseMin().toNanos();
        try {
            while (closed.now() == null) {
                long left = table.expire(time.nanoTime(), time.instant());
                closed.await(time, Math.min(left, longest));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
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
        var read = checked("instance", () -> instance.read(now));
        Duration granted = table.register(read, token, Duration.ofMillis(leaseMillis), time.nanoTime(), now);
        return new Granted(table.epoch(), granted.toMillis());
    }

    @Override
    public Renewed renew(List<Lease> leases) {
        refuseOver("leases", leases.size());
        var unknown = new ArrayList<String>();
        for (Lease lease : leases) {
            if (!table.renew(lease.id(), lease.token(), time.nanoTime())) {
                unknown.add(lease.id());
            }
        }
        return new Renewed(table.epoch(), unknown);
    }

    @Override
    public void report(String id, String token, Health health) {
        var now = time.instant();
        table.report(id, token, checked("health", () -> health.read(now)), now);
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
    public List<Instance> instances(String service) {
        return table.catalog().instances(name(service)).stream()
                .map(Instance::of)
                .toList();
    }

    @Override
    public News watch(Map<String, Long> since, String epoch, long waitMillis, String watcher)
            throws InterruptedException {
        refuseOver("services", since.size());
        RegistryLimits.length("the watcher", watcher, RegistryLimits.TOKEN_LENGTH_MAX);
        boolean current = epoch.equals(table.epoch());
        var seen = new TreeMap<ServiceName, Long>();
        since.forEach((service, revision) -> seen.put(name(service), current ? revision : 0));
        if (watches.incrementAndGet() > table.limits().watches()) {
            watches.decrementAndGet();
            throw new ServiceException(
                    Code.RESOURCE_EXHAUSTED,
                    table.limits().watches() + " watches are waiting, which is the limit: try again later");
        }
        var watch = new Watch();
        Watch before = watcher.isEmpty() ? null : last.put(watcher, watch);
        if (before != null) {
            before.end();
        }
        try {
            return watch.news(seen, time.nanoTime() + waitNanos(waitMillis));
        } finally {
            watches.decrementAndGet();
            last.remove(watcher, watch);
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
        private volatile Catalog.@Nullable Waiter waiting;

        void end() {
            ended = true;
            var waiter = waiting;
            if (waiter != null) {
                waiter.changed().complete(true);
            }
        }

        News news(Map<ServiceName, Long> since, long endNanos) throws InterruptedException {
            var catalog = table.catalog();
            while (true) {
                var reading = catalog.read(since);
                long left = endNanos - time.nanoTime();
                if (!reading.empty() || left <= 0 || ended || closed.now() != null) {
                    return RegistryService.this.news(reading);
                }
                since.replaceAll((_, _) -> reading.revision());
                var waiter = catalog.await(since::containsKey, reading.revision());
                waiting = waiter;
                try {
                    if (!ended && closed.now() == null) { // looked at after enlisting, so that no end is missed
                        waiter.changed().await(time, left);
                    }
                } finally {
                    catalog.leave(waiter);
                }
            }
        }
    }

    private News news(Catalog.Reading reading) {
        var complete = new ArrayList<Complete>();
        reading.complete()
                .forEach((service, instances) -> complete.add(new Complete(
                        service.value(), instances.stream().map(Instance::of).toList())));
        var changes = reading.changes().stream().map(Change::of).toList();
        return new News(table.epoch(), reading.revision(), complete, changes);
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
