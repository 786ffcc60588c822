package dev.treaty.registry.backend;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.PendingSubscription;
import dev.treaty.core.discovery.RemovalReason;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.event.BackgroundThread;
import dev.treaty.core.event.Events;
import dev.treaty.core.time.Promise;
import dev.treaty.core.time.Time;
import dev.treaty.registry.RegistryLimits;
import dev.treaty.registry.changes.Digest;
import dev.treaty.registry.changes.InstanceView;
import dev.treaty.registry.server.RegistryService;
import dev.treaty.registry.server.RegistryTable;
import dev.treaty.registry.server.Requests;
import dev.treaty.registry.spi.Backend;
import dev.treaty.registry.spi.RegistryProvider.RegistryContext;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * The instances of the watched services of a backend, in the memory of this process. A view belongs to one {@linkplain
 * Backend#epoch epoch}: a store that started empty or from an earlier state in place of another one gets a new view.
 */
final class CachedView implements AutoCloseable {
    /** A service that was not watched for this long is followed no longer. */
    private static final long IDLE_NANOS = Duration.ofMinutes(1).toNanos();

    /** After this wait for the watchers in this process, whether a state is still to be acknowledged is checked. */
    private static final long ACKNOWLEDGE_NANOS = Duration.ofSeconds(1).toNanos();

    private static final long RETRY_NANOS = Duration.ofMillis(200).toNanos();

    final String epoch;
    final RegistryService service;
    private final Backend backend;
    private final RegistryContext context;
    private final StoreReader reader;
    private final Time time;
    private final Attendance attendance;
    private final Runnable onNewEpoch;
    private final RegistryTable table;
    private final InstanceView view;
    private final Map<ServiceName, FollowedService> followed = new TreeMap<>(); // guarded by this, as all below
    private boolean closed;
    private volatile String lastWatcher = ""; // of this process

    /**
     * Creates an empty view.
     *
     * @param onNewEpoch run when the store turns out to have another epoch
     */
    CachedView(
            String epoch,
            Backend backend,
            RegistryContext context,
            StoreReader reader,
            Attendance attendance,
            Runnable onNewEpoch) {
        this.epoch = epoch;
        this.backend = backend;
        this.context = context;
        this.reader = reader;
        this.time = context.time();
        this.attendance = attendance;
        this.onNewEpoch = onNewEpoch;
        this.table = new RegistryTable(RegistryLimits.STANDARD, context.policy().preservation(), context.random());
        this.view = table.view();
        this.service = new RegistryService(table, time, Events.NONE);
    }

    /** Returns the epoch that clients see. */
    String servedEpoch() {
        return table.epoch();
    }

    /**
     * Follows services from now on; empty if this view was closed in the meantime.
     *
     * @param since the revisions that a watcher has seen in an epoch
     */
    Optional<List<FollowedService>> follow(Map<String, Long> since, String seenEpoch, String by)
            throws InterruptedException {
        var asked = new ArrayList<FollowedService>();
        var fresh = new ArrayList<FollowedService>();
        var idle = new ArrayList<FollowedService>();
        var seen = new HashMap<ServiceName, Long>();
        long now;
        synchronized (this) {
            if (closed) {
                return Optional.empty();
            }
            now = time.nanoTime();
            since.forEach((name, revision) -> {
                var each = followed.computeIfAbsent(Requests.service(name), n -> {
                    fresh.add(new FollowedService(n));
                    return fresh.getLast();
                });
                each.askedAtNanos = now;
                asked.add(each);
                seen.put(each.name, seenEpoch.equals(servedEpoch()) ? revision : 0);
            });
            followed.values().removeIf(each -> each.idle(now) && idle.add(each));
            idle.forEach(FollowedService::end);
        }
        expire();
        lastWatcher = by;
        if (!by.isEmpty() && !seen.isEmpty()) { // so that nothing is acknowledged before this watcher has seen it
            table.acks().acknowledge(by, seen, time.nanoTime());
        }
        fresh.forEach(each -> {
            attendance.begin(each);
            each.subscription.opened(backend.follow(each.name, each));
        });
        for (FollowedService each : idle) {
            each.subscription.close();
            reader.listed(each.name, Set.of());
        }
        attendance.end(each -> each.idle(now));
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

    private void expire() {
        table.expire(time.nanoTime(), time.instant());
    }

    /** A service of the view. Changes of the backend and watches are processed one at a time. */
    final class FollowedService implements Backend.Follower {
        final ServiceName name;
        private final PendingSubscription subscription = new PendingSubscription();
        private final Promise<Boolean> settled = new Promise<>();
        private final Map<String, Asked> asked = new TreeMap<>(); // by id; guarded by the view, as all below
        private final Map<String, String> acknowledged = new TreeMap<>(); // digests of states by id
        private boolean acknowledging; // whether a thread is running
        private volatile String problem = "";
        private volatile long askedAtNanos;
        private boolean ended;

        /**
         * A state that this process has to acknowledge.
         *
         * @param revision the change in this view that its watchers have to process before that
         */
        private record Asked(String digest, long revision) {}

        FollowedService(ServiceName name) {
            this.name = name;
        }

        private boolean idle(long nowNanos) {
            return nowNanos - askedAtNanos > IDLE_NANOS;
        }

        @Override
        public void starting() throws InterruptedException {
            try {
                attendance.write(name);
            } catch (ServiceException e) {
                if (e.code() != Code.PERMISSION_DENIED) { // who may only read is not waited for
                    throw e;
                }
            }
        }

        /** Returns what this process acknowledges, as it is stored. */
        String acknowledged() {
            synchronized (CachedView.this) {
                acknowledged.keySet().retainAll(listed());
                return String.join("\n", acknowledged.values());
            }
        }

        /** Returns the ids of the instances that the backend listed last. */
        private Set<String> listed() {
            return view.confirmed(name).stream().map(ServiceInstance::id).collect(Collectors.toSet());
        }

        @Override
        public void complete(Map<String, String> listed) {
            var present = new HashSet<String>();
            reader.listed(name, listed.keySet());
            listed.forEach((id, text) -> {
                if (put(id, text)) {
                    present.add(id);
                }
            });
            Set<String> missing = listed();
            missing.removeAll(present);
            if (!missing.isEmpty() && backend.expires() && hasNewEpoch()) {
                throw new ServiceException(Code.UNAVAILABLE, "the registry's store was replaced by another one");
            }
            missing.forEach(id -> missing(id, RemovalReason.NOT_LISTED.text()));
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
            endWait();
            return true;
        }

        /** Ends the waiting watch of this process, so that it notices at once what has happened. */
        private void endWait() {
            try {
                service.watch(Map.of(name.value(), 0L), servedEpoch(), 0, lastWatcher);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        @Override
        public void changed(String id, String text) {
            if (!put(id, text)) {
                missing(id, RemovalReason.NOT_READABLE.text());
            }
        }

        /** Returns false if a text is not an instance: what cannot be read cannot be called. */
        private boolean put(String id, String text) {
            var stored = StoredInstance.of(text);
            ServiceInstance instance =
                    reader.instance(name, id, stored).findFirst().orElse(null);
            if (instance == null) {
                return false;
            }
            synchronized (CachedView.this) {
                if (ended) {
                    return true;
                }
                long revision = view.put(instance, 0, time.nanoTime(), time.instant());
                String digest = Digest.of(text);
                if (stored.asked() && (asked.containsKey(id) || !digest.equals(acknowledged.get(id)))) {
                    asked.put(id, new Asked(digest, revision));
                    if (!acknowledging) {
                        acknowledging = true;
                        BackgroundThread.virtual(
                                        "treaty-acknowledge-" + name, time, context.events(), this::acknowledge)
                                .start();
                    }
                }
            }
            return true;
        }

        /** Acknowledges states when the watchers in this process have processed them, until none is left. */
        private void acknowledge() throws InterruptedException {
            while (true) {
                Map<String, Asked> next;
                synchronized (CachedView.this) {
                    acknowledging = !ended && !asked.isEmpty();
                    if (!acknowledging) {
                        return;
                    }
                    next = new TreeMap<>(asked);
                }
                long first =
                        next.values().stream().mapToLong(Asked::revision).min().orElseThrow();
                if (table.acks().await(name, first, time, ACKNOWLEDGE_NANOS) > 0) {
                    continue;
                }
                for (var each : List.copyOf(next.entrySet())) {
                    if (table.acks().await(name, each.getValue().revision, time, 0) > 0) {
                        next.remove(each.getKey());
                    }
                }
                synchronized (CachedView.this) {
                    next.entrySet().retainAll(asked.entrySet()); // without what has changed in the meantime
                    next.forEach((id, each) -> acknowledged.put(id, each.digest));
                }
                try {
                    starting();
                    synchronized (CachedView.this) {
                        asked.entrySet().removeAll(next.entrySet());
                    }
                } catch (ServiceException e) {
                    time.sleep(RETRY_NANOS);
                }
            }
        }

        @Override
        public void removed(String id, String reason) {
            reader.removed(name, id);
            missing(id, reason);
        }

        /** Removes an instance; one that was not closed stays as stale for a while if too many are missing at once. */
        private void missing(String id, String reason) {
            if (!backend.expires() || RemovalReason.of(reason) == RemovalReason.CLOSED) {
                view.remove(name, id, reason, time.instant());
            } else {
                view.lost(name, id, reason, 0, time.nanoTime());
                expire();
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
            boolean first = problem.isEmpty();
            problem = why;
            settled.complete(true);
            if (first) {
                endWait();
            }
        }

        private void end() {
            ended = true;
            view.forget(name);
            settled.complete(true);
        }
    }
}
