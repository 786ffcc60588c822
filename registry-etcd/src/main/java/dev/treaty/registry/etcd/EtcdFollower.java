package dev.treaty.registry.etcd;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.time.Promise;
import dev.treaty.core.time.Time;
import dev.treaty.registry.spi.Backend.Follower;
import dev.treaty.registry.spi.FollowerThread;
import dev.treaty.registry.spi.RegistryProvider.RegistryContext;
import io.etcd.jetcd.KeyValue;
import io.etcd.jetcd.Watch;
import io.etcd.jetcd.options.WatchOption;
import io.etcd.jetcd.watch.WatchEvent;
import io.etcd.jetcd.watch.WatchResponse;
import java.time.Duration;
import java.util.HashMap;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Follows one service in etcd: reads the set as of a revision, then watches every change after it. A broken watch is
 * resumed at the revision it had reached. If etcd no longer keeps that revision (it was compacted), or if several
 * watches in a row break before any event, the set is read again.
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
    private final ServiceName service;
    private final String prefix;
    private final Follower follower;
    private final ReentrantLock lock = new ReentrantLock(); // delivers changes one at a time
    private int useless; // watches in a row
    private long revision; // of the last change that was delivered; 0 if the set has to be read
    private boolean failing; // and the follower has been notified

    EtcdFollower(
            EtcdBackend backend,
            EtcdClients clients,
            String prefix,
            RegistryContext context,
            ServiceName service,
            Follower follower) {
        super("treaty-etcd-" + service, context, PAUSE, PAUSE_MAX);
        this.backend = backend;
        this.clients = clients;
        this.time = context.time();
        this.service = service;
        this.prefix = prefix;
        this.follower = follower;
    }

    @Override
    protected long step() throws InterruptedException {
        if (revision == 0) {
            read();
        }
        long before = revision;
        long began = time.nanoTime();
        Throwable cause = watch();
        useless = revision != before || time.nanoTime() - began >= USEFUL_NANOS ? 0 : useless + 1;
        if (useless == USELESS_MAX) {
            useless = 0;
            throw EtcdBackend.exception(cause);
        }
        return pauseNanos(useless);
    }

    private void read() throws InterruptedException {
        var snapshot = backend.snapshot(service);
        var instances = new HashMap<String, String>();
        for (KeyValue each : snapshot.values()) {
            String value = each.getValue().toString(UTF_8);
            if (!value.startsWith(EtcdBackend.GONE)) {
                instances.put(id(each), value);
            }
        }
        lock.lock();
        try {
            revision = snapshot.revision();
            failing = false;
            if (!closed()) {
                follower.complete(instances);
            }
        } finally {
            lock.unlock();
        }
    }

    private String id(KeyValue each) {
        return each.getKey().toString(UTF_8).substring(prefix.length());
    }

    /** Delivers changes until the watch breaks; returns the cause. */
    private Throwable watch() throws InterruptedException {
        var broken = new Promise<Throwable>();
        var option = WatchOption.builder()
                .withRevision(revision + 1)
                .isPrefix(true)
                .withRequireLeader(true) // a member without a leader would keep the watch open without any events
                .build();
        var listener = Watch.listener(
                response -> deliver(response, broken),
                broken::complete,
                () -> broken.complete(new IllegalStateException("the watch ended")));
        try (Watch.Watcher _ = clients.current().getWatchClient().watch(EtcdBackend.bytes(prefix), option, listener)) {
            Throwable cause = null;
            while (cause == null) {
                cause = broken.await(time, WAIT_NANOS);
            }
            if (EtcdBackend.isCompacted(cause)) {
                lock.lock();
                try {
                    revision = 0;
                } finally {
                    lock.unlock();
                }
            }
            return cause;
        }
    }

    private void deliver(WatchResponse response, Promise<Throwable> broken) {
        lock.lock();
        try {
            if (closed() || broken.now() != null) {
                return;
            }
            // Not the revision of the response: while a watch catches up, it is ahead of the events.
            for (WatchEvent event : response.getEvents()) {
                KeyValue now = event.getKeyValue();
                revision = Math.max(revision, now.getModRevision());
                String value = now.getValue().toString(UTF_8);
                if (event.getEventType() == WatchEvent.EventType.DELETE) {
                    follower.removed(id(now), "lease expired");
                } else if (value.startsWith(EtcdBackend.GONE)) {
                    follower.removed(id(now), value.substring(EtcdBackend.GONE.length()));
                } else {
                    follower.changed(id(now), value);
                }
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    protected void failed(String message) {
        lock.lock();
        try {
            if (!failing && !closed()) {
                failing = true;
                revision = 0; // reading the set again notifies the follower of the recovery
                follower.failed(message);
            }
        } finally {
            lock.unlock();
        }
    }
}
