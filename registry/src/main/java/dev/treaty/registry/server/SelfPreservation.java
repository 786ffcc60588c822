package dev.treaty.registry.server;

import dev.treaty.core.contract.ServiceName;
import dev.treaty.registry.SelfPreservationPolicy;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Limits how many instances expire at once, by a {@link SelfPreservationPolicy}. Only the removals that it permitted
 * count, so instances that deregister take nothing from the limit; nor does an instance with a replacement, which is
 * another one that registered after this one was last seen: processes that end and are started again are no failure of
 * the network.
 */
public final class SelfPreservation {
    private final double ratioMax;
    private final long windowNanos;
    private final Deque<Long> all = new ArrayDeque<>();
    private final Map<ServiceName, Deque<Long>> services = new HashMap<>();
    private final Map<ServiceName, Replacements> replacements = new HashMap<>();

    /** The new instances of a service. */
    private static final class Replacements {
        /** When those were added that have not replaced another one, the oldest first. */
        final Deque<Long> added = new ArrayDeque<>();

        /** When an instance of the service was last seen. */
        long seenNanos;
    }

    public SelfPreservation(SelfPreservationPolicy policy) {
        this.ratioMax = policy.evictionRatioMax();
        this.windowNanos = policy.evictionWindow().toNanos();
    }

    /** Records a new instance of a service. */
    synchronized void added(ServiceName service, long nowNanos) {
        Replacements own = replacements.computeIfAbsent(service, _ -> new Replacements());
        dropOld(own.added, nowNanos);
        own.added.addLast(nowNanos);
        own.seenNanos = nowNanos;
    }

    /** Records that an instance of a service runs. */
    synchronized void seen(ServiceName service, long nowNanos) {
        replacements.computeIfPresent(service, (_, own) -> {
            own.seenNanos = nowNanos;
            return own;
        });
    }

    /**
     * Requests permission to remove an instance.
     *
     * @param ofService number of instances of the service, including this one
     * @param ofAll number of instances of all services
     * @return 0 if it is permitted, and counted; otherwise how long to wait before the next request
     */
    public synchronized long tryRemove(ServiceName service, int ofService, int ofAll, long nowNanos) {
        Deque<Long> own = services.computeIfAbsent(service, _ -> new ArrayDeque<>());
        dropOld(own, nowNanos);
        dropOld(all, nowNanos);
        long wait = Math.max(waitNanos(own, ofService, nowNanos), waitNanos(all, ofAll, nowNanos));
        if (wait > 0) {
            services.computeIfPresent(service, (_, removals) -> removals.isEmpty() ? null : removals);
            return wait;
        }
        own.addLast(nowNanos);
        all.addLast(nowNanos);
        return 0;
    }

    /**
     * Takes the oldest replacement of an instance, so that the instance can be removed without a permission.
     *
     * @param seenNanos when the instance was last known to run
     * @return false if no other one was added since then, or if the whole service seems to have vanished since then
     */
    synchronized boolean takeReplacement(ServiceName service, long seenNanos, long nowNanos) {
        Replacements own = replacements.get(service);
        if (own == null) {
            return false;
        }
        dropOld(own.added, nowNanos);
        if (own.added.isEmpty()) {
            replacements.remove(service);
            return false;
        }
        boolean vanished = nowNanos - own.seenNanos > (nowNanos - seenNanos) / 2;
        Optional<Long> since = vanished
                ? Optional.empty()
                : own.added.stream().filter(at -> at - seenNanos > 0).findFirst();
        since.ifPresent(own.added::remove);
        return since.isPresent();
    }

    /** Returns how long until one more removal is permitted. */
    private long waitNanos(Deque<Long> removals, int left, long nowNanos) {
        boolean full = removals.size() >= Math.max(1, (int) (ratioMax * (left + removals.size())));
        return full ? removals.getFirst() + windowNanos - nowNanos : 0;
    }

    private void dropOld(Deque<Long> removals, long nowNanos) {
        while (!removals.isEmpty() && nowNanos - removals.getFirst() >= windowNanos) {
            removals.removeFirst();
        }
    }

    /** Returns how many instances of all services were removed within the window. */
    synchronized int removedLately(long nowNanos) {
        dropOld(all, nowNanos);
        services.values().removeIf(own -> {
            dropOld(own, nowNanos);
            return own.isEmpty();
        });
        replacements.values().removeIf(own -> {
            dropOld(own.added, nowNanos);
            return own.added.isEmpty();
        });
        return all.size();
    }
}
