package dev.treaty.registry.changes;

import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.RemovalReason;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.registry.SelfPreservationPolicy;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Instances of which each is confirmed for a time: for the length of a lease, or as long as a source lists it. What is
 * confirmed no longer is removed, and what stays critical is delisted until it recovers. Both are limited by a {@link
 * SelfPreservationPolicy}: if many instances end at once, the others are <em>held</em>. They stay in the list, and
 * their health says so.
 *
 * <p>It has no thread and no clock: {@link #expire} has to be called regularly. Times are of a monotonic clock, which
 * may wrap.
 */
public final class InstanceView {
    /** The health detail of an instance that is held although it is confirmed no longer. */
    public static final String STALE = "stale";

    /** The health detail of a critical instance that should have been delisted. */
    public static final String OVERDUE = "overdue";

    /** The details of instances that are held, in the order in which they are reported. */
    public static final List<String> HELD = List.of(STALE, OVERDUE);

    private final ChangeLog changes;
    private final SelfPreservation preservation;
    private final long delistNanos; // zero if critical instances stay listed
    private final Consumer<ServiceInstance> onRemoval;
    private final Map<ServiceName, Map<String, Entry>> services = new HashMap<>();
    private final Map<String, Integer> shown = new HashMap<>(); // number of instances by detail
    private int stale;
    private int size;
    private int delisted;

    /** The instances that have to be checked, the earliest first. */
    private final NavigableSet<Entry> checks = new TreeSet<>();

    private long added;

    private static final class Entry implements Comparable<Entry> {
        final long number;
        ServiceInstance instance;
        boolean expires;
        long endNanos; // if it expires
        String reason = ""; // of the removal after that
        long seenNanos;
        long criticalSinceNanos; // if it is critical
        boolean delisted;
        String held = ""; // the detail, or empty
        String shown = ""; // the detail of those in HELD that watchers see, or empty
        long revision; // of the last change that watchers see
        boolean scheduled;
        long checkNanos; // if it is scheduled

        Entry(ServiceInstance instance, long number) {
            this.instance = instance;
            this.number = number;
        }

        boolean critical() {
            return instance.health().status() == Status.CRITICAL;
        }

        @Override
        public int compareTo(Entry other) { // by difference, since the monotonic clock may wrap
            int order = Long.signum(checkNanos - other.checkNanos);
            return order != 0 ? order : Long.compare(number, other.number);
        }
    }

    /**
     * Creates an empty view.
     *
     * @param changes receives what watchers see
     * @param onRemoval receives each instance that is removed
     */
    public InstanceView(ChangeLog changes, SelfPreservationPolicy policy, Consumer<ServiceInstance> onRemoval) {
        this.changes = changes;
        this.preservation = new SelfPreservation(policy);
        this.delistNanos = policy.deregisterAfter().map(Duration::toNanos).orElse(0L);
        this.onRemoval = onRemoval;
    }

    private @Nullable Entry find(ServiceName service, String id) {
        return services.getOrDefault(service, Map.of()).get(id);
    }

    /**
     * Adds or replaces an instance and confirms it.
     *
     * @param nanos for how long it is confirmed; 0 until it is {@link #lost}
     * @return the revision of its last change
     */
    public synchronized long put(ServiceInstance instance, long nanos, long nowNanos, Instant at) {
        Entry entry = find(instance.service(), instance.id());
        if (entry == null) {
            entry = new Entry(instance, added++);
            entry.criticalSinceNanos = nowNanos;
            services.computeIfAbsent(instance.service(), _ -> new HashMap<>()).put(instance.id(), entry);
            size++;
            preservation.added(instance.service(), nowNanos);
            recheckStale(instance.service(), nowNanos);
        }
        confirm(entry, nanos, nowNanos);
        return update(entry, instance, nowNanos, at);
    }

    /** A new instance may be the replacement of a stale one. */
    private void recheckStale(ServiceName service, long nowNanos) {
        if (stale > 0) {
            services.getOrDefault(service, Map.of()).values().stream()
                    .filter(entry -> entry.held.equals(STALE))
                    .forEach(entry -> schedule(entry, nowNanos));
        }
    }

    /** Confirms an instance again, for as long as given to {@link #put}. */
    public synchronized void confirm(ServiceName service, String id, long nanos, long nowNanos, Instant at) {
        Entry entry = find(service, id);
        if (entry != null) {
            boolean stale = entry.held.equals(STALE);
            confirm(entry, nanos, nowNanos);
            if (stale) {
                show(entry, at);
            }
        }
    }

    private void confirm(Entry entry, long nanos, long nowNanos) {
        entry.expires = nanos > 0;
        entry.endNanos = nowNanos + nanos;
        entry.reason = RemovalReason.LEASE_EXPIRED.text();
        entry.seenNanos = nowNanos;
        hold(entry, entry.held.equals(STALE) ? "" : entry.held);
        preservation.seen(entry.instance.service(), nowNanos);
        schedule(entry);
    }

    /** Changes an instance, if there is one, and does not confirm it. */
    public synchronized void update(ServiceInstance instance, long nowNanos, Instant at) {
        Entry entry = find(instance.service(), instance.id());
        if (entry != null) {
            update(entry, instance, nowNanos, at);
        }
    }

    private long update(Entry entry, ServiceInstance instance, long nowNanos, Instant at) {
        boolean wasCritical = entry.critical();
        entry.instance = instance;
        if (!entry.critical()) {
            hold(entry, entry.held.equals(OVERDUE) ? "" : entry.held);
            setDelisted(entry, false);
        } else if (!wasCritical) {
            entry.criticalSinceNanos = nowNanos;
        }
        schedule(entry);
        show(entry, at);
        return entry.revision;
    }

    /**
     * Its source lists an instance no longer: it is removed after a time, as far as that is permitted.
     *
     * @param nanos for how long it still counts as confirmed
     */
    public synchronized void lost(ServiceName service, String id, String reason, long nanos, long nowNanos) {
        Entry entry = find(service, id);
        if (entry != null && !entry.expires) {
            entry.expires = true;
            entry.endNanos = nowNanos + nanos;
            entry.reason = reason;
            entry.seenNanos = nowNanos;
            schedule(entry);
        }
    }

    /** Removes an instance that has ended on purpose, if there is one. */
    public synchronized void remove(ServiceName service, String id, String reason, Instant at) {
        Entry entry = find(service, id);
        if (entry != null) {
            services.computeIfPresent(
                    service, (_, entries) -> entries.remove(id) != null && entries.isEmpty() ? null : entries);
            drop(entry);
            changes.remove(service, id, reason, at);
            onRemoval.accept(entry.instance);
        }
    }

    /** Drops the instances of a service without a change: it is not watched any more. */
    public synchronized void forget(ServiceName service) {
        services.getOrDefault(service, Map.of()).values().forEach(this::drop);
        services.remove(service);
        changes.forget(service);
    }

    private void drop(Entry entry) {
        size--;
        unschedule(entry);
        hold(entry, "");
        setShown(entry, "");
        setDelisted(entry, false);
    }

    private void hold(Entry entry, String detail) {
        stale += (detail.equals(STALE) ? 1 : 0) - (entry.held.equals(STALE) ? 1 : 0);
        entry.held = detail;
    }

    private void setDelisted(Entry entry, boolean now) {
        delisted += (now ? 1 : 0) - (entry.delisted ? 1 : 0);
        entry.delisted = now;
    }

    /** Returns the first detail that tells that an instance is held; empty if there is none, as for almost all. */
    private static String held(Map<String, String> details) {
        return details.isEmpty()
                ? ""
                : HELD.stream().filter(details::containsKey).findFirst().orElse("");
    }

    private void setShown(Entry entry, String now) {
        if (now.equals(entry.shown)) {
            return;
        }
        shown.merge(entry.shown, -1, Integer::sum);
        shown.merge(now, 1, Integer::sum);
        entry.shown = now;
    }

    /** Makes an instance visible to watchers. */
    private void show(Entry entry, Instant at) {
        if (!entry.delisted) {
            ServiceInstance visible = visible(entry, at);
            entry.revision = Math.max(entry.revision, changes.put(visible, at));
            setShown(entry, held(visible.health().details()));
        }
    }

    private static ServiceInstance visible(Entry entry, Instant at) {
        if (entry.held.isEmpty()) {
            return entry.instance;
        }
        ServiceHealth health = entry.instance.health();
        var details = new HashMap<>(health.details());
        if (details.size() == ServiceHealth.DETAILS_MAX) {
            details.clear();
        }
        details.put(entry.held, "true");
        boolean takesCalls = health.status().takesCalls();
        String why = entry.held.equals(OVERDUE)
                ? "it stays listed, since many are critical at once"
                : "its lease has expired or it is listed no longer; it is kept, since many expired at once";
        String message = takesCalls || health.message().isEmpty() ? why : health.message() + "; " + why;
        return entry.instance.withHealth(
                new ServiceHealth(takesCalls ? Status.UNKNOWN : health.status(), message, at, details).truncated());
    }

    private boolean canBeDelisted(Entry entry) {
        return delistNanos > 0 && entry.critical() && !entry.delisted;
    }

    /** Schedules the next check of an instance, unless it has an earlier one, which will schedule the next. */
    private void schedule(Entry entry) {
        boolean delisting = canBeDelisted(entry);
        long delistedAt = entry.criticalSinceNanos + delistNanos;
        if (!delisting && !entry.expires) {
            unschedule(entry);
        } else {
            boolean first = delisting && (!entry.expires || delistedAt - entry.endNanos < 0);
            schedule(entry, first ? delistedAt : entry.endNanos);
        }
    }

    private void schedule(Entry entry, long atNanos) {
        if (!entry.scheduled || entry.checkNanos - atNanos > 0) {
            unschedule(entry);
            entry.checkNanos = atNanos;
            entry.scheduled = checks.add(entry);
        }
    }

    private void unschedule(Entry entry) {
        if (entry.scheduled) {
            checks.remove(entry);
            entry.scheduled = false;
        }
    }

    /**
     * Removes the instances that are confirmed no longer, in the order in which that ended, and delists those that
     * stayed critical for too long; or holds them, if too many are at once.
     *
     * @return nanoseconds until the next call, or {@link Long#MAX_VALUE} if none is needed
     */
    public synchronized long expire(long nowNanos, Instant at) {
        preservation.clean(nowNanos);
        while (!checks.isEmpty()) {
            Entry next = checks.first();
            if (next.checkNanos - nowNanos > 0) {
                return next.checkNanos - nowNanos;
            }
            unschedule(next);
            check(next, nowNanos, at);
        }
        return Long.MAX_VALUE;
    }

    private void check(Entry entry, long nowNanos, Instant at) {
        ServiceInstance instance = entry.instance;
        ServiceName service = instance.service();
        boolean expired = entry.expires && entry.endNanos - nowNanos <= 0;
        boolean overdue = canBeDelisted(entry) && entry.criticalSinceNanos + delistNanos - nowNanos <= 0;
        if (!expired && !overdue) { // confirmed or recovered in the meantime
            schedule(entry);
            return;
        }
        long seenNanos = entry.expires ? entry.seenNanos : nowNanos;
        int ofService = changes.instances(service).size();
        long wait = entry.delisted ? 0 : preservation.tryRemove(service, ofService, size, seenNanos, nowNanos);
        if (wait > 0) {
            schedule(entry, nowNanos + wait);
            hold(entry, expired ? STALE : OVERDUE);
            show(entry, at);
        } else if (expired) {
            remove(service, instance.id(), entry.reason, at);
        } else {
            hold(entry, "");
            setShown(entry, "");
            setDelisted(entry, true);
            String message = instance.health().message();
            String reason = RemovalReason.CRITICAL.text()
                    + Duration.ofNanos(delistNanos).toSeconds() + " s" + (message.isEmpty() ? "" : ": " + message);
            changes.remove(service, instance.id(), reason, at);
            schedule(entry);
        }
    }

    /** Returns the instances of a service that are not {@link #lost}, those that are delisted included. */
    public synchronized List<ServiceInstance> confirmed(ServiceName service) {
        return services.getOrDefault(service, Map.of()).values().stream()
                .filter(entry -> !entry.expires)
                .map(entry -> entry.instance)
                .toList();
    }

    /** Returns the revision of the last change of an instance that watchers see; 0 for none. */
    public synchronized long revision(ServiceName service, String id) {
        Entry entry = find(service, id);
        return entry == null ? 0 : entry.revision;
    }

    /** Returns the number of instances that are shown as held with a detail. */
    public synchronized int held(String detail) {
        return shown.getOrDefault(detail, 0);
    }

    /** Returns what is wrong with a detail of {@link #HELD}, in one sentence; empty if no instance has it. */
    public Optional<String> problem(String detail) {
        int number = held(detail);
        String problem = detail.equals(STALE)
                ? "many leases expired at once: " + number
                        + " instances are kept as stale until they renew or may be removed"
                : "many instances stay critical at once: " + number
                        + " stay listed until they recover or may be delisted";
        return number == 0 ? Optional.empty() : Optional.of(problem);
    }

    /** Returns the number of critical instances that are listed no longer. */
    public synchronized int delisted() {
        return delisted;
    }

    /** Returns how many instances were removed or delisted within the window of the policy. */
    public synchronized int removedLately(long nowNanos) {
        return preservation.removedLately(nowNanos);
    }
}
