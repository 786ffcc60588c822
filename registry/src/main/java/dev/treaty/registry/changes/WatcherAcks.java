package dev.treaty.registry.changes;

import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.time.Promise;
import dev.treaty.core.time.Time;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/**
 * Records up to which revision each watcher has acknowledged the changes of each service: a draining instance waits for
 * that.
 *
 * <p>A watcher acknowledges what it was notified of before by asking for the next changes. A watcher that was notified
 * and does not ask again within {@link #TIMEOUT} counts as gone: otherwise a killed client would delay every drain.
 */
public final class WatcherAcks {
    /** How long a watcher that was notified may take to ask for the next changes. */
    public static final Duration TIMEOUT = Duration.ofSeconds(2);

    /** The most watchers that are waited for; others are served, but nothing waits for their acknowledgements. */
    static final int WATCHERS_MAX = 65_536;

    /** The most services that these watchers may watch together, each of which takes some 64 bytes. */
    private static final long SERVICES_MAX = Runtime.getRuntime().maxMemory() / 16 / 64;

    private static final class Watcher {
        Map<ServiceName, Long> acknowledged = Map.of();
        boolean waiting; // for the next changes, at this moment
        long expiryNanos; // when it counts as gone unless it is waiting

        boolean gone(long nowNanos) {
            return !waiting && expiryNanos - nowNanos <= 0;
        }

        boolean lacks(Awaited awaited) {
            return acknowledged.getOrDefault(awaited.service, awaited.revision) < awaited.revision;
        }
    }

    private final Map<Object, Watcher> watchers = new HashMap<>();
    private long services; // in all of them together
    private final Map<Awaited, Wait> waits = new HashMap<>();

    private record Awaited(ServiceName service, long revision) {}

    /** The waits until all watchers of a service have acknowledged a revision. */
    private static final class Wait {
        final Awaited awaited;
        int waiting;

        /** The watchers that have not acknowledged it. */
        final Map<Object, Watcher> missing = new HashMap<>();

        final Promise<Boolean> over = new Promise<>();

        Wait(Awaited awaited) {
            this.awaited = awaited;
        }

        void update(Object id, Watcher watcher) {
            if (watcher.lacks(awaited)) {
                missing.put(id, watcher);
            } else {
                remove(id);
            }
        }

        void remove(Object id) {
            if (missing.remove(id) != null && missing.isEmpty()) {
                over.complete(true);
            }
        }
    }

    /** A watcher asks for the next changes, which acknowledges all up to the revision beside each service. */
    public synchronized void acknowledge(Object id, Map<ServiceName, Long> upTo, long nowNanos) {
        if (!hasRoom(id, upTo)) {
            removeGone(nowNanos);
        }
        if (hasRoom(id, upTo)) {
            Watcher watcher = watchers.computeIfAbsent(id, _ -> new Watcher());
            services += upTo.size() - watcher.acknowledged.size();
            watcher.acknowledged = upTo;
            watcher.waiting = true;
            waits.values().forEach(wait -> wait.update(id, watcher));
        }
    }

    private boolean hasRoom(Object id, Map<ServiceName, Long> upTo) {
        return (watchers.size() < WATCHERS_MAX && services + upTo.size() <= SERVICES_MAX) || watchers.containsKey(id);
    }

    /** A watcher was notified of changes and has to ask for the next ones. */
    public synchronized void notified(Object id, long nowNanos) {
        Watcher watcher = watchers.get(id);
        if (watcher != null) {
            watcher.waiting = false;
            watcher.expiryNanos = nowNanos + TIMEOUT.toNanos();
        }
    }

    /** A watcher watches nothing any more. */
    public synchronized void remove(Object id) {
        Watcher removed = watchers.remove(id);
        if (removed != null) {
            services -= removed.acknowledged.size();
            waits.values().forEach(wait -> wait.remove(id));
        }
    }

    /** Removes the watchers that did not ask again in time. */
    public synchronized void removeGone(long nowNanos) {
        watchers.values().removeIf(watcher -> {
            boolean gone = watcher.gone(nowNanos);
            services -= gone ? watcher.acknowledged.size() : 0;
            return gone;
        });
    }

    /**
     * Waits until all watchers of a service have acknowledged a revision.
     *
     * @param nanos longest wait
     * @return how many have not when the time is over; 0 if all have
     */
    public int await(ServiceName service, long revision, Time time, long nanos) throws InterruptedException {
        long end = time.nanoTime() + nanos;
        Wait wait = begin(new Awaited(service, revision));
        try {
            while (true) {
                long now = time.nanoTime();
                long next;
                synchronized (this) {
                    wait.missing.values().removeIf(watcher -> watcher.gone(now));
                    int missing = wait.over.now() == null ? wait.missing.size() : 0;
                    if (missing == 0 || end - now <= 0) {
                        return missing;
                    }
                    next = wait.missing.values().stream()
                            .mapToLong(watcher -> watcher.waiting ? TIMEOUT.toNanos() : watcher.expiryNanos - now)
                            .reduce(end - now, Math::min);
                }
                wait.over.await(time, next);
            }
        } finally {
            synchronized (this) {
                if (--wait.waiting == 0) {
                    waits.remove(wait.awaited);
                }
            }
        }
    }

    private synchronized Wait begin(Awaited awaited) {
        Wait wait = waits.get(awaited);
        if (wait == null) {
            wait = new Wait(awaited);
            watchers.forEach(wait::update);
            waits.put(awaited, wait);
        }
        wait.waiting++;
        return wait;
    }
}
