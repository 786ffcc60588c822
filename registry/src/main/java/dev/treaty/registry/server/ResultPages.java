package dev.treaty.registry.server;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.registry.RegistryProtocol.Instance;
import dev.treaty.registry.RegistryProtocol.Page;
import dev.treaty.registry.changes.InstanceList;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Sets of instances that do not fit into one answer. Since a {@link InstanceList} never changes, the pages of one set belong
 * together however long it takes to ask for them; what nobody asks for is forgotten after {@link #KEPT}.
 */
final class ResultPages {
    /** How large an answer becomes, in bytes of JSON at most; small enough for the usual limit of 4 MiB. */
    static final int PAGE_BYTES = 1 << 20;

    /** How long the rest of a set can be asked for. */
    static final Duration KEPT = Duration.ofSeconds(30);

    /** The most sets whose rest can be asked for. */
    static final int SETS_MAX = 256;

    /** Names, punctuation, numbers and timestamps of an instance. */
    private static final int FRAME_BYTES = 480;

    private record Rest(InstanceList roster, int from, long untilNanos) {}

    private final ReentrantLock lock = new ReentrantLock();
    private final Map<String, Rest> rests = new LinkedHashMap<>();

    /** At most how many bytes an instance takes as JSON. */
    static int bytes(ServiceInstance instance) {
        long bytes = FRAME_BYTES
                + 3L
                        * (instance.id().length()
                                + instance.service().value().length()
                                + instance.contract().length());
        for (var entry : instance.metadata().entrySet()) {
            bytes += 8 + 3L * (entry.getKey().length() + entry.getValue().length());
        }
        ServiceHealth health = instance.health(); // may have control characters, which take six bytes
        bytes += 6L * health.message().length();
        for (var entry : health.details().entrySet()) {
            bytes += 8 + 6L * (entry.getKey().length() + entry.getValue().length());
        }
        return (int) Math.min(bytes, Integer.MAX_VALUE);
    }

    /** The beginning of a set, in so many bytes; at least one instance where there is any. */
    Page first(InstanceList roster, int bytes, String name, long nowNanos) {
        return page(roster, 0, bytes, name, nowNanos);
    }

    /**
     * What follows in a set.
     *
     * @param next what the page before said
     * @param name what to call the rest of the rest
     * @throws ServiceException where that set is not known, or no longer
     */
    Page next(String next, String name, long nowNanos) {
        Rest rest;
        lock.lock();
        try {
            rest = rests.get(next);
        } finally {
            lock.unlock();
        }
        if (rest == null) {
            throw new ServiceException(
                    Code.NOT_FOUND, "that page is not known, or no longer: ask for the whole set again");
        }
        return page(rest.roster, rest.from, PAGE_BYTES, name, nowNanos);
    }

    private Page page(InstanceList roster, int from, int bytes, String name, long nowNanos) {
        List<Instance> instances = new ArrayList<>();
        int at = from;
        for (long left = bytes; at < roster.size() && (left > 0 || at == from); at++) {
            ServiceInstance instance = roster.get(at);
            left -= bytes(instance);
            instances.add(Instance.of(instance));
        }
        if (at == roster.size()) {
            return new Page(instances, "");
        }
        lock.lock();
        try {
            rests.put(name, new Rest(roster, at, nowNanos + KEPT.toNanos()));
            if (rests.size() > SETS_MAX) {
                Iterator<String> oldest = rests.keySet().iterator();
                oldest.next();
                oldest.remove();
            }
        } finally {
            lock.unlock();
        }
        return new Page(instances, name);
    }

    /** Stops keeping what nobody asked for in time. */
    void forget(long nowNanos) {
        lock.lock();
        try {
            rests.values().removeIf(rest -> rest.untilNanos - nowNanos <= 0);
        } finally {
            lock.unlock();
        }
    }
}
