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

    private static final class Watcher {
        Map<ServiceName, Long> acknowledged = Map.of();
        boolean waiting; // for the next changes, at this moment
        long expiryNanos; // when it counts as gone unless it is waiting

        boolean gone(long nowNanos) {
            return !waiting && expiryNanos - nowNanos <= 0;
        }

        boolean lacks(ServiceName service, long revision) {
            return acknowledged.getOrDefault(service, revision) < revision;
        }
    }

    private final Map<Object, Watcher> watchers = new HashMap<>();
    private Promise<Boolean> changed = new Promise<>();

    /** A watcher asks for the next changes, which acknowledges all up to the revision beside each service. */
    public synchronized void acknowledge(Object id, Map<ServiceName, Long> upTo, long nowNanos) {
        if (watchers.size() >= WATCHERS_MAX) {
            removeGone(nowNanos);
        }
        if (watchers.size() < WATCHERS_MAX || watchers.containsKey(id)) {
            Watcher watcher = watchers.computeIfAbsent(id, _ -> new Watcher());
            watcher.acknowledged = upTo;
            watcher.waiting = true;
            signal();
        }
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
        if (watchers.remove(id) != null) {
            signal();
        }
    }

    private void signal() {
        changed.complete(true);
        changed = new Promise<>();
    }

    /** Removes the watchers that did not ask again in time. */
    public synchronized void removeGone(long nowNanos) {
        watchers.values().removeIf(watcher -> watcher.gone(nowNanos));
    }

    private record Missing(int watchers, long waitNanos, Promise<Boolean> changed) {}

    private synchronized Missing missing(ServiceName service, long revision, long now, long waitNanos) {
        int missing = 0;
        long wait = waitNanos;
        for (Watcher watcher : watchers.values()) {
            if (watcher.lacks(service, revision) && !watcher.gone(now)) {
                missing++;
                wait = watcher.waiting ? wait : Math.min(wait, watcher.expiryNanos - now);
            }
        }
        return new Missing(missing, wait, changed);
    }

    /**
     * Waits until all watchers of a service have acknowledged a revision.
     *
     * @param nanos longest wait
     * @return how many have not when the time is over; 0 if all have
     */
    public int await(ServiceName service, long revision, Time time, long nanos) throws InterruptedException {
        long end = time.nanoTime() + nanos;
        while (true) {
            long now = time.nanoTime();
            Missing missing = missing(service, revision, now, end - now);
            if (missing.watchers == 0 || end - now <= 0) {
                return missing.watchers;
            }
            missing.changed.await(time, missing.waitNanos);
        }
    }
}
