package dev.treaty.registry.backend;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.PendingSubscription;
import dev.treaty.core.discovery.RemovalReason;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.event.Events;
import dev.treaty.core.time.Promise;
import dev.treaty.core.time.Time;
import dev.treaty.registry.RegistryLimits;
import dev.treaty.registry.changes.ChangeLog;
import dev.treaty.registry.server.RegistryService;
import dev.treaty.registry.server.RegistryTable;
import dev.treaty.registry.server.Requests;
import dev.treaty.registry.server.SelfPreservation;
import dev.treaty.registry.spi.Backend;
import dev.treaty.registry.spi.RegistryProvider.RegistryContext;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The instances of the watched services of a backend, in the memory of this process. A view belongs to one {@linkplain
 * Backend#epoch epoch}: a store that started empty in place of another one gets a new view.
 */
final class CachedView implements AutoCloseable {
    /** A service that was not watched for this long is followed no longer. */
    private static final long IDLE_NANOS = Duration.ofMinutes(1).toNanos();

    /** For how long an instance that is missing may have been dead: its lease and some delay. */
    private static final long LEASE_NANOS = Duration.ofSeconds(30).toNanos();

    final String epoch;
    final RegistryService service;
    private final Backend backend;
    private final RegistryContext context;
    private final Time time;
    private final SelfPreservation preservation;
    private final Runnable onNewEpoch;
    private final RegistryTable table;
    private final ChangeLog changes;
    private final Map<ServiceName, FollowedService> followed = new TreeMap<>(); // guarded by this, as all below
    private boolean closed;

    /** @param onNewEpoch run when the store turns out to have another epoch */
    CachedView(
            String epoch,
            Backend backend,
            RegistryContext context,
            SelfPreservation preservation,
            Runnable onNewEpoch) {
        this.epoch = epoch;
        this.backend = backend;
        this.context = context;
        this.time = context.time();
        this.preservation = preservation;
        this.onNewEpoch = onNewEpoch;
        this.table = new RegistryTable(RegistryLimits.STANDARD, context.random());
        this.changes = table.changes();
        this.service = new RegistryService(table, time, Events.NONE);
    }

    /** Returns the epoch that clients see. */
    String servedEpoch() {
        return table.epoch();
    }

    /** Follows services from now on; empty if this view was closed in the meantime. */
    Optional<List<FollowedService>> follow(Collection<String> names) {
        var asked = new ArrayList<FollowedService>();
        var fresh = new ArrayList<FollowedService>();
        var idle = new ArrayList<FollowedService>();
        synchronized (this) {
            if (closed) {
                return Optional.empty();
            }
            long now = time.nanoTime();
            for (String name : names) {
                var each = followed.computeIfAbsent(Requests.service(name), n -> {
                    fresh.add(new FollowedService(n));
                    return fresh.getLast();
                });
                each.askedAtNanos = now;
                asked.add(each);
            }
            followed.values().removeIf(each -> now - each.askedAtNanos > IDLE_NANOS && idle.add(each));
            idle.forEach(FollowedService::end);
        }
        fresh.forEach(each -> each.subscription.opened(backend.follow(each.name, each)));
        idle.forEach(each -> each.subscription.close());
        return Optional.of(asked);
    }

    @Override
    public void close() {
        List<FollowedService> last;
        synchronized (this) {
            closed = true;
            last = List.copyOf(followed.values());
            last.forEach(FollowedService::end);
            followed.clear();
        }
        last.forEach(each -> each.subscription.close());
        service.close();
    }

    /** An instance that the backend does not list any more, and that is kept until a time. */
    private record Stale(String reason, long untilNanos) {}

    /** A service of the view. Changes of the backend and watches are processed one at a time. */
    final class FollowedService implements Backend.Follower {
        final ServiceName name;
        private final PendingSubscription subscription = new PendingSubscription();
        private final Promise<Boolean> settled = new Promise<>();
        private final Map<String, Stale> stale = new HashMap<>(); // guarded by the view, as all below
        private volatile String problem = "";
        private long askedAtNanos;
        private boolean ended;

        FollowedService(ServiceName name) {
            this.name = name;
        }

        @Override
        public void complete(Map<String, String> instances) {
            var known = new HashSet<String>();
            instances.forEach((id, value) -> {
                if (put(value)) {
                    known.add(id);
                }
            });
            List<String> missing = changes.instances(name).stream()
                    .map(ServiceInstance::id)
                    .filter(id -> !known.contains(id))
                    .toList();
            if (!missing.isEmpty() && backend.expires() && hasNewEpoch()) {
                throw new ServiceException(Code.UNAVAILABLE, "the registry's store was replaced by an empty one");
            }
            missing.forEach(id -> removed(id, RemovalReason.NOT_LISTED.text()));
            problem = "";
            settled.complete(true);
        }

        /** Whether this is another store: then nothing is missing in it, and another view replaces this one. */
        private boolean hasNewEpoch() {
            try {
                if (backend.epoch(RegistryTable.token(context.random())).equals(epoch)) {
                    return false;
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new ServiceException(Code.CANCELED, "the watch was closed");
            }
            onNewEpoch.run();
            return true;
        }

        @Override
        public void changed(String id, String value) {
            synchronized (CachedView.this) {
                boolean added = changes.find(name, id).isEmpty();
                if (put(value) && added) {
                    preservation.added(name, time.nanoTime());
                }
            }
        }

        private boolean put(String value) {
            ServiceInstance instance;
            try {
                instance = context.format().read(value).read(time.instant());
            } catch (IllegalArgumentException e) {
                return false; // written by another program: what cannot be read cannot be called
            }
            synchronized (CachedView.this) {
                if (!instance.service().equals(name) || ended) {
                    return false;
                }
                stale.remove(instance.id());
                changes.put(instance, time.instant());
                return true;
            }
        }

        /** Removes an instance; one that was not closed stays as stale for a while if too many are missing at once. */
        @Override
        public void removed(String id, String reason) {
            synchronized (CachedView.this) {
                Optional<ServiceInstance> known = changes.find(name, id);
                if (known.isEmpty() || ended) {
                    return;
                }
                boolean mayBeFault = backend.expires() && RemovalReason.of(reason) != RemovalReason.CLOSED;
                long wait = mayBeFault
                        ? preservation.tryRemove(
                                name,
                                time.nanoTime() - LEASE_NANOS,
                                changes.instances(name).size(),
                                changes.instanceCount(),
                                time.nanoTime())
                        : 0;
                if (wait == 0) {
                    stale.remove(id);
                    changes.remove(name, id, reason, time.instant());
                } else if (stale.put(id, new Stale(reason, time.nanoTime() + wait)) == null) {
                    var health = new ServiceHealth(
                            ServiceHealth.Status.UNKNOWN,
                            "missing in the registry together with many others; kept for a while",
                            time.instant(),
                            Map.of(RegistryTable.STALE, "true"));
                    changes.put(known.get().withHealth(health), time.instant());
                }
            }
        }

        /** Tries again to remove the stale instances whose time is over. */
        void removeStale() {
            synchronized (CachedView.this) {
                Map.copyOf(stale).forEach((id, each) -> {
                    if (each.untilNanos - time.nanoTime() <= 0) {
                        removed(id, each.reason);
                    }
                });
            }
        }

        /** Waits for the first answer of the backend; returns why there is none, or an empty text. */
        String awaitProblem(long untilNanos) throws InterruptedException {
            settled.await(time, untilNanos - time.nanoTime());
            return settled.now() == null
                    ? "its instances could not be read within " + Backend.PATIENCE_MILLIS + " ms"
                    : problem;
        }

        @Override
        public void failed(String why) {
            problem = why;
            settled.complete(true);
        }

        private void end() {
            ended = true;
            changes.forget(name);
            settled.complete(true);
        }
    }
}
