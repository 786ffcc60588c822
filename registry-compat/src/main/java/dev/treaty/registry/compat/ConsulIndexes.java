package dev.treaty.registry.compat;

import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.ServiceDiscovery;
import dev.treaty.core.discovery.Subscription;
import dev.treaty.core.time.Promise;
import dev.treaty.core.time.Time;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;

/**
 * The indexes that blocking queries ask with: they grow with every change, those of a service with the changes of that
 * service. A service is watched from the first time it is asked for; beyond a number of services, the index of all
 * stands for theirs.
 */
final class ConsulIndexes implements AutoCloseable {
    private static final int SERVICES_MAX = 1_000;

    /** How often the set of services is looked at while somebody waits for it: registries do not push that. */
    private static final long LOOK_NANOS = Duration.ofMillis(500).toNanos();

    private final ServiceDiscovery discovery;
    private final Time time;
    private final ReentrantLock lock = new ReentrantLock();
    private final Map<ServiceName, Watched> watched = new HashMap<>();
    private final AtomicLong all = new AtomicLong(1);
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

    /** The index of a service. */
    long of(ServiceName service) {
        Watched fresh;
        lock.lock();
        try {
            Watched known = watched.get(service);
            if (known != null) {
                return known.index;
            }
            if (watched.size() >= SERVICES_MAX) {
                return all.incrementAndGet(); // without a watch, nothing is waited for
            }
            fresh = new Watched();
            fresh.index = all.incrementAndGet();
            watched.put(service, fresh);
        } finally {
            lock.unlock();
        }
        fresh.subscription = discovery.watch(service, _ -> changed(fresh));
        return fresh.index;
    }

    private void changed(Watched service) {
        Promise<Boolean> before;
        lock.lock();
        try {
            service.index = all.incrementAndGet();
            before = change;
            change = new Promise<>();
        } finally {
            lock.unlock();
        }
        before.complete(true);
    }

    /** The index of the set of services. */
    long services() {
        Set<ServiceName> now = discovery.services();
        lock.lock();
        try {
            if (!now.equals(names)) {
                names = now;
                namesIndex = all.incrementAndGet();
            }
            return namesIndex;
        } finally {
            lock.unlock();
        }
    }

    /** Waits until an index is another one, at most that long. */
    void await(LongSupplier index, long seen, long nanos) throws InterruptedException {
        long end = time.nanoTime() + nanos;
        long left = nanos;
        while (left > 0) {
            Promise<Boolean> next;
            lock.lock();
            try {
                next = change;
            } finally {
                lock.unlock();
            }
            if (index.getAsLong() != seen) {
                return;
            }
            next.await(time, Math.min(left, LOOK_NANOS));
            left = end - time.nanoTime();
        }
    }

    @Override
    public void close() {
        Collection<Watched> last;
        lock.lock();
        try {
            last = Set.copyOf(watched.values());
        } finally {
            lock.unlock();
        }
        last.forEach(each -> each.subscription.close());
    }
}
