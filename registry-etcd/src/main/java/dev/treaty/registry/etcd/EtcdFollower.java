package dev.treaty.registry.etcd;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.treaty.core.discovery.RemovalReason;
import dev.treaty.core.time.Promise;
import dev.treaty.core.time.Time;
import dev.treaty.registry.spi.Backend.Follower;
import dev.treaty.registry.spi.FollowerThread;
import dev.treaty.registry.spi.RegistryProvider.RegistryContext;
import dev.treaty.registry.spi.StorePaths;
import io.etcd.jetcd.KeyValue;
import io.etcd.jetcd.Watch;
import io.etcd.jetcd.options.WatchOption;
import io.etcd.jetcd.watch.WatchEvent;
import io.etcd.jetcd.watch.WatchResponse;
import java.time.Duration;
import java.util.HashMap;
import org.jspecify.annotations.Nullable;

/**
 * Follows one service, or the central settings, in etcd: reads the set as of a revision, then watches every change
 * after it. A watch that breaks is not resumed at its revision, which etcd may have compacted, or which may belong to
 * another history if etcd was restored from a snapshot in the meantime: the set is read again.
 */
final class EtcdFollower extends FollowerThread {
    private static final Duration PAUSE = Duration.ofMillis(200);
    private static final Duration PAUSE_MAX = Duration.ofSeconds(2);

    /** This number of useless watches in a row is reported as a failure; a leader election breaks fewer. */
    private static final int USELESS_MAX = 5;

    /** A watch that lasts this long is useful even if no event arrives. */
    private static final long USEFUL_NANOS = Duration.ofSeconds(30).toNanos();

    private static final long WAIT_NANOS = Duration.ofHours(1).toNanos();

    private final EtcdBackend backend;
    private final EtcdClients clients;
    private final Time time;
    private final String parent;
    private int useless; // watches in a row
    private long store; // the cluster of the last read
    private long revision; // of the last change that was delivered

    EtcdFollower(
            EtcdBackend backend,
            EtcdClients clients,
            String parent,
            RegistryContext context,
            String followed,
            Follower follower) {
        super("treaty-etcd-" + followed, context, follower, PAUSE, PAUSE_MAX);
        this.backend = backend;
        this.clients = clients;
        this.time = context.time();
        this.parent = parent;
    }

    @Override
    protected long step() throws InterruptedException {
        long read = read();
        long began = time.nanoTime();
        Throwable cause = watch(read);
        boolean useful = revision != read || time.nanoTime() - began >= USEFUL_NANOS;
        useless = useful || EtcdBackend.isCompacted(cause) ? 0 : useless + 1;
        if (useless == USELESS_MAX) {
            useless = 0;
            throw EtcdBackend.exception(cause);
        }
        return pauseNanos(useless);
    }

    /** Delivers the set; returns its revision. */
    private long read() throws InterruptedException {
        follower.starting();
        var snapshot = backend.below(parent, false);
        var instances = new HashMap<String, String>();
        for (KeyValue each : snapshot.values()) {
            String value = each.getValue().toString(UTF_8);
            if (!value.startsWith(EtcdBackend.GONE)) {
                instances.put(id(each), value);
            }
        }
        synchronized (this) { // changes are delivered one at a time
            store = snapshot.store();
            revision = snapshot.revision();
            if (!closed()) {
                follower.complete(instances);
            }
            return revision;
        }
    }

    private static String id(KeyValue each) {
        return StorePaths.name(each.getKey().toString(UTF_8));
    }

    /** Delivers changes until the watch breaks; returns the cause. */
    private Throwable watch(long after) throws InterruptedException {
        var broken = new Promise<Throwable>();
        var option = WatchOption.builder()
                .withRevision(after + 1)
                .isPrefix(true)
                .withRequireLeader(true) // a member without a leader would keep the watch open without any events
                .build();
        var listener = Watch.listener(
                response -> deliver(response, broken),
                broken::complete,
                () -> broken.complete(new IllegalStateException("the watch ended")));
        try (Watch.Watcher _ =
                clients.current().getWatchClient().watch(EtcdBackend.bytes(parent + "/"), option, listener)) {
            @Nullable Throwable cause = null;
            while (cause == null) {
                cause = broken.await(time, WAIT_NANOS);
            }
            return cause;
        }
    }

    private synchronized void deliver(WatchResponse response, Promise<Throwable> broken) {
        try {
            if (closed() || broken.now() != null) {
                return;
            }
            var header = response.getHeader();
            if (header.getClusterId() != store || header.getRevision() < revision) { // behind a proxy
                broken.complete(new IllegalStateException("etcd has another history"));
                return;
            }
            // Not the revision of the response: while a watch catches up, it is ahead of the events.
            for (WatchEvent event : response.getEvents()) {
                KeyValue now = event.getKeyValue();
                revision = Math.max(revision, now.getModRevision());
                String value = now.getValue().toString(UTF_8);
                if (event.getEventType() == WatchEvent.EventType.DELETE) {
                    follower.removed(id(now), RemovalReason.LEASE_EXPIRED.text());
                } else if (value.startsWith(EtcdBackend.GONE)) {
                    follower.removed(id(now), value.substring(EtcdBackend.GONE.length()));
                } else {
                    follower.changed(id(now), value);
                }
            }
        } catch (RuntimeException | Error e) { // the set is read again
            broken.complete(e);
            throw e;
        }
    }
}
