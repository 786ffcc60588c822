package dev.treaty.registry.server;

import dev.treaty.core.contract.ServiceName;
import dev.treaty.registry.SelfPreservationPolicy;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;

/**
 * Limits how many instances expire at once, by a {@link SelfPreservationPolicy}. Only the removals that it permitted
 * count, so instances that deregister take nothing from the limit.
 */
public final class SelfPreservation {
    private final double ratioMax;
    private final long windowNanos;
    private final Deque<Long> all = new ArrayDeque<>();
    private final Map<ServiceName, Deque<Long>> services = new HashMap<>();

    public SelfPreservation(SelfPreservationPolicy policy) {
        this.ratioMax = policy.evictionRatioMax();
        this.windowNanos = policy.evictionWindow().toNanos();
    }

    /**
     * Asks for permission to remove an instance.
     *
     * @param ofService number of instances of the service, including this one
     * @param ofAll number of instances of all services
     * @return 0 if it is permitted, and counted; otherwise how long to wait before asking again
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
        return all.size();
    }
}
