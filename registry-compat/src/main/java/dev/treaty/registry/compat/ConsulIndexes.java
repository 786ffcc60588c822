package dev.treaty.registry.compat;

import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.ServiceDiscovery;
import dev.treaty.core.discovery.Subscription;
import dev.treaty.core.time.Promise;
import dev.treaty.core.time.Time;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The indexes of blocking queries: each change increases them, and the index of a service only changes with that
 * service. A service is watched from the first query for it. Beyond a number of services, queries for further ones do
 * not block.
 */
final class ConsulIndexes implements AutoCloseable {
    private static final int SERVICES_MAX = 1_000;

    /** How often a blocked query reads the set of services, which registries do not push. */
    private static final long POLL_NANOS = Duration.ofMillis(500).toNanos();

    private final ServiceDiscovery discovery;
    private final Time time;
    private final ReentrantLock lock = new ReentrantLock();
    private final Map<ServiceName, Watched> watched = new HashMap<>();
    private final AtomicLong last = new AtomicLong(1);
    private Promise<Boolean> change = new Promise<>();
    private Set<ServiceName> names = Set.of();
    private long namesIndex = 1;

    private static final class Watched {
        volatile long index;
        volatile Subscription subscription = () -> {};
    }

    ConsulIndexes(ServiceDiscovery discovery, Time time) {
        this.discovery = discovery;
        this.time = time;
    }

    private <T extends @Nullable Object> T locked(Supplier<T> action) {
        lock.lock();
        try {
            return action.get();
        } finally {
            lock.unlock();
        }
    }

    /** Returns the index of a service. */
    long of(ServiceName service) {
        var added = new Watched();
        Watched known = this.<@Nullable Watched>locked(() -> {
            if (watched.size() >= SERVICES_MAX && !watched.containsKey(service)) {
                return null;
            }
            added.index = last.incrementAndGet();
            return watched.putIfAbsent(service, added) == null ? added : watched.get(service);
        });
        if (known == null) {
            return last.incrementAndGet();
        }
        if (known.equals(added)) {
            added.subscription = discovery.watch(service, _ -> changed(added));
        }
        return known.index;
    }

    private void changed(Watched service) {
        Promise<Boolean> before = locked(() -> {
            service.index = last.incrementAndGet();
            Promise<Boolean> previous = change;
            change = new Promise<>();
            return previous;
        });
        before.complete(true);
    }

    /** Returns the index of the set of services. */
    long services() {
        Set<ServiceName> now = discovery.services();
        return locked(() -> {
            if (!now.equals(names)) {
                names = now;
                namesIndex = last.incrementAndGet();
            }
            return namesIndex;
        });
    }

    /** Waits until an index changes, or until the time ends. */
    void await(LongSupplier index, long known, long nanos) throws InterruptedException {
        long end = time.nanoTime() + nanos;
        for (long left = nanos; left > 0; left = end - time.nanoTime()) {
            Promise<Boolean> next = locked(() -> change);
            if (index.getAsLong() != known) {
                return;
            }
            next.await(time, Math.min(left, POLL_NANOS));
        }
    }

    @Override
    public void close() {
        locked(() -> Set.copyOf(watched.values())).forEach(each -> each.subscription.close());
    }
}
