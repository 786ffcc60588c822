package dev.treaty.registry.server;

import dev.treaty.core.contract.ServiceName;
import dev.treaty.registry.SelfPreservationPolicy;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;

/**
 * Holds mass expiry back as a {@link SelfPreservationPolicy} says. Only what it allowed lately counts, so whoever left by
 * itself takes nobody's turn. Not safe for threads: its owner has a lock.
 */
public final class SelfPreservation {
    private final double share;
    private final long windowNanos;
    private final Deque<Long> all = new ArrayDeque<>();
    private final Map<ServiceName, Deque<Long>> services = new HashMap<>();

    public SelfPreservation(SelfPreservationPolicy policy) {
        this.share = policy.evictionRatioMax();
        this.windowNanos = policy.evictionWindow().toNanos();
    }

    /**
     * Asks to take an instance out.
     *
     * @param ofService how many instances of the service there are, this one included
     * @param ofAll how many there are of all services
     * @return 0 where it may be, and is counted; otherwise how long to wait before asking again
     */
    public long tryRemove(ServiceName service, int ofService, int ofAll, long nowNanos) {
        Deque<Long> own = services.computeIfAbsent(service, _ -> new ArrayDeque<>());
        forget(own, nowNanos);
        forget(all, nowNanos);
        if (full(own, ofService) || full(all, ofAll)) {
            long wait = 0;
            if (full(own, ofService)) {
                wait = own.getFirst() + windowNanos - nowNanos;
            }
            if (full(all, ofAll)) {
                wait = Math.max(wait, all.getFirst() + windowNanos - nowNanos);
            }
            if (own.isEmpty()) {
                services.remove(service);
            }
            return Math.max(1, wait);
        }
        own.addLast(nowNanos);
        all.addLast(nowNanos);
        return 0;
    }

    private boolean full(Deque<Long> lately, int left) {
        return lately.size() >= Math.max(1, (int) (share * (left + lately.size())));
    }

    private void forget(Deque<Long> lately, long nowNanos) {
        while (!lately.isEmpty() && nowNanos - lately.getFirst() >= windowNanos) {
            lately.removeFirst();
        }
    }

    /** How many were taken out within the window, of all services. */
    int lately(long nowNanos) {
        forget(all, nowNanos);
        services.values().removeIf(own -> {
            forget(own, nowNanos);
            return own.isEmpty();
        });
        return all.size();
    }
}
