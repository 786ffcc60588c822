package dev.treaty.registry.server;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.registry.RegistryProtocol.Instance;
import dev.treaty.registry.RegistryProtocol.Page;
import dev.treaty.registry.changes.ChangeLog;
import dev.treaty.registry.changes.InstanceList;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;

/**
 * The pages of instance lists that do not fit into one answer. An {@link InstanceList} is immutable, so all pages show
 * the same moment, however late they are requested; the rest of a list is dropped after {@link #RETENTION}.
 */
final class ResultPages {
    /** The largest answer, in bytes of JSON; clients usually accept 4 MiB. */
    static final int PAGE_BYTES = 1 << 20;

    /** How long the rest of a list can be requested. */
    static final Duration RETENTION = Duration.ofSeconds(30);

    /** The most lists whose rest can be requested. */
    static final int LISTS_MAX = 4_096;

    /** Names, punctuation, numbers and timestamps of an instance. */
    private static final int FRAME_BYTES = 480;

    /** Punctuation of an entry of metadata or details. */
    private static final int ENTRY_BYTES = 8;

    /** The most bytes that a character takes in JSON: as UTF-8, and as the escape of a control character. */
    private static final int CHARACTER_BYTES = 3;

    private static final int ESCAPE_BYTES = 6;

    private record Rest(InstanceList instances, int from, long expiryNanos) {}

    private final SequencedMap<String, Rest> rests = new LinkedHashMap<>();

    /** Returns the most bytes that an instance takes as JSON. */
    static int bytes(ServiceInstance instance) {
        long plain = (long) instance.id().length()
                + instance.service().value().length()
                + instance.contract().length();
        long entries =
                (long) instance.metadata().size() + instance.health().details().size();
        long bytes = FRAME_BYTES
                + CHARACTER_BYTES * plain
                + ENTRY_BYTES * entries
                + ESCAPE_BYTES * ChangeLog.characters(instance);
        return (int) Math.min(bytes, Integer.MAX_VALUE);
    }

    /** Returns the first page of a list, with at least one instance if there is any. */
    Page first(InstanceList instances, int bytes, String name, long nowNanos) {
        return page(instances, 0, bytes, name, nowNanos);
    }

    /**
     * Returns the page that follows another one.
     *
     * @param next the name that the page before has for this one
     * @param name name for the page after this one
     * @throws ServiceException if there is no such page, or no longer
     */
    Page next(String next, int bytes, String name, long nowNanos) {
        Rest rest;
        synchronized (this) {
            rest = rests.get(next);
        }
        if (rest == null) {
            throw new ServiceException(
                    Code.NOT_FOUND, "that page is not known, or no longer: request the whole list again");
        }
        return page(rest.instances, rest.from, bytes, name, nowNanos);
    }

    private Page page(InstanceList all, int from, int bytes, String name, long nowNanos) {
        List<Instance> page = new ArrayList<>();
        int at = from;
        for (long left = bytes; at < all.size() && (left > 0 || at == from); at++) {
            left -= bytes(all.get(at));
            page.add(Instance.of(all.get(at)));
        }
        if (at == all.size()) {
            return new Page(page, "");
        }
        keep(name, new Rest(all, at, nowNanos + RETENTION.toNanos()));
        return new Page(page, name);
    }

    private synchronized void keep(String name, Rest rest) {
        rests.put(name, rest);
        if (rests.size() > LISTS_MAX) {
            rests.pollFirstEntry();
        }
    }

    /** Drops the pages that were not requested in time. */
    synchronized void removeExpired(long nowNanos) {
        rests.values().removeIf(rest -> rest.expiryNanos - nowNanos <= 0);
    }
}
