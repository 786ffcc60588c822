package dev.treaty.registry.changes;

import dev.treaty.core.contract.ServiceName;
import dev.treaty.registry.SelfPreservationPolicy;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Limits how many instances end at once, by a {@link SelfPreservationPolicy}. Only the removals that it permitted
 * count, so instances that deregister take nothing from the limit; nor does an instance with a replacement, which is
 * another one that was added after this one was last seen: processes that end and are started again are no failure of
 * the network. Not thread-safe: the owner holds a lock.
 */
final class SelfPreservation {
    private final double ratioMax;
    private final long windowNanos;
    private final Deque<Long> removals = new ArrayDeque<>();
    private final Map<ServiceName, Recent> services = new HashMap<>();
    private long cleanedNanos;

    /** What has happened to the instances of a service within the window, the oldest first. */
    private static final class Recent {
        final Deque<Long> removals = new ArrayDeque<>();

        /** When those were added that have not replaced another one. */
        final Deque<Long> additions = new ArrayDeque<>();

        /** When an instance of the service was last seen. */
        long seenNanos;
    }

    SelfPreservation(SelfPreservationPolicy policy) {
        this.ratioMax = policy.evictionRatioMax();
        this.windowNanos = policy.evictionWindow().toNanos();
    }

    private Recent recent(ServiceName service, long nowNanos) {
        Recent recent = services.computeIfAbsent(service, _ -> new Recent());
        dropOld(recent.removals, nowNanos);
        dropOld(recent.additions, nowNanos);
        return recent;
    }

    /** Records a new instance of a service. */
    void added(ServiceName service, long nowNanos) {
        recent(service, nowNanos).additions.addLast(nowNanos);
        seen(service, nowNanos);
    }

    /** Records that an instance of a service runs. */
    void seen(ServiceName service, long nowNanos) {
        Recent recent = services.get(service);
        if (recent != null) {
            recent.seenNanos = nowNanos;
        }
    }

    /**
     * Requests permission to remove an instance.
     *
     * @param ofService number of instances of the service, including this one
     * @param ofAll number of instances of all services
     * @param seenNanos when the instance was last known to run
     * @return 0 if it is permitted, and counted unless it has a replacement, which is taken; otherwise how long to wait
     *     before the next request
     */
    long tryRemove(ServiceName service, int ofService, int ofAll, long seenNanos, long nowNanos) {
        Recent own = recent(service, nowNanos);
        dropOld(removals, nowNanos);
        if (takeReplacement(own, seenNanos, nowNanos)) {
            return 0;
        }
        long wait = Math.max(waitNanos(own.removals, ofService, nowNanos), waitNanos(removals, ofAll, nowNanos));
        if (wait == 0) {
            own.removals.addLast(nowNanos);
            removals.addLast(nowNanos);
        }
        return wait;
    }

    /**
     * Takes the oldest replacement of an instance.
     *
     * @return false if no other one was added since it was seen, or if the whole service seems to have vanished then
     */
    private static boolean takeReplacement(Recent own, long seenNanos, long nowNanos) {
        if (nowNanos - own.seenNanos > (nowNanos - seenNanos) / 2) {
            return false;
        }
        Optional<Long> since =
                own.additions.stream().filter(at -> at - seenNanos > 0).findFirst();
        since.ifPresent(own.additions::remove);
        return since.isPresent();
    }

    /** Returns how long until one more removal is permitted. */
    private long waitNanos(Deque<Long> recent, int left, long nowNanos) {
        boolean full = recent.size() >= Math.max(1, (int) (ratioMax * (left + recent.size())));
        return full ? recent.getFirst() + windowNanos - nowNanos : 0;
    }

    private void dropOld(Deque<Long> times, long nowNanos) {
        while (!times.isEmpty() && nowNanos - times.getFirst() >= windowNanos) {
            times.removeFirst();
        }
    }

    /** Forgets services to which nothing has happened within the window. */
    void clean(long nowNanos) {
        if (nowNanos - cleanedNanos >= windowNanos) {
            cleanedNanos = nowNanos;
            services.values().removeIf(recent -> {
                dropOld(recent.removals, nowNanos);
                dropOld(recent.additions, nowNanos);
                return recent.removals.isEmpty() && recent.additions.isEmpty();
            });
        }
    }

    /** Returns how many instances of all services were removed within the window. */
    int removedLately(long nowNanos) {
        dropOld(removals, nowNanos);
        return removals.size();
    }
}
