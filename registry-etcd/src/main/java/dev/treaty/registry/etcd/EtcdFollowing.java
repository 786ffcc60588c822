package dev.treaty.registry.etcd;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.time.Promise;
import dev.treaty.core.time.Time;
import dev.treaty.registry.spi.Backend.Follower;
import dev.treaty.registry.spi.Backend.Following;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.KeyValue;
import io.etcd.jetcd.Watch;
import io.etcd.jetcd.options.WatchOption;
import io.etcd.jetcd.watch.WatchEvent;
import io.etcd.jetcd.watch.WatchResponse;
import java.time.Duration;
import java.util.HashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.random.RandomGenerator;

/**
 * Follows one service in etcd: the set as of a revision, then every change after it. A watch that broke goes on from
 * the revision it had reached; where etcd does not keep that far back any more (it was compacted), or where one watch
 * after the other breaks before anything came, the set is read anew.
 */
final class EtcdFollowing implements Following {
    private static final long PAUSE_NANOS = Duration.ofMillis(200).toNanos();
    private static final long PAUSE_MAX_NANOS = Duration.ofSeconds(2).toNanos();

    /** So many watches in a row that were of no use are trouble: a leader's election breaks fewer. */
    private static final int BROKEN_MAX = 5;

    /** A watch that lasted so long was of use, although nothing came. */
    private static final long USEFUL_NANOS = Duration.ofSeconds(30).toNanos();

    private static final long WAIT_NANOS = Duration.ofHours(1).toNanos();

    private final EtcdBackend engine;
    private final EtcdClients clients;
    private final Time time;
    private final RandomGenerator random;
    private final ServiceName service;
    private final String prefix;
    private final Follower follower;
    private final ReentrantLock lock = new ReentrantLock(); // changes come one at a time
    private final Thread thread;
    private long revision; // of the last change taken in; 0 where the set has to be read
    private boolean told; // that changes cannot be seen
    private volatile boolean closed;

    EtcdFollowing(
            EtcdBackend engine,
            EtcdClients clients,
            EtcdKeys keys,
            Time time,
            RandomGenerator random,
            ServiceName service,
            Follower follower) {
        this.engine = engine;
        this.clients = clients;
        this.time = time;
        this.random = random;
        this.service = service;
        this.prefix = keys.instances(service);
        this.follower = follower;
        this.thread = Thread.ofVirtual().name("treaty-etcd-" + service).unstarted(this::run);
    }

    void start() {
        thread.start();
    }

    private void run() {
        int failures = 0;
        int broken = 0; // watches in a row
        while (!closed) {
            try {
                if (revision == 0) {
                    read();
                }
                long before = revision;
                long began = time.nanoTime();
                Throwable cause = watch();
                boolean useful = revision != before || time.nanoTime() - began >= USEFUL_NANOS;
                failures = useful ? 0 : failures + 1;
                broken = useful ? 0 : broken + 1;
                if (broken == BROKEN_MAX) {
                    broken = 0;
                    failed(EtcdBackend.fault(cause).fault().message());
                }
            } catch (ServiceException e) {
                failed(e.fault().message());
                failures++;
            } catch (RuntimeException e) { // what jetcd throws must not end this thread
                failed("etcd: " + EtcdBackend.firstLine(e));
                failures++;
            } catch (InterruptedException e) {
                return;
            }
            try {
                long full = Math.min(PAUSE_MAX_NANOS, PAUSE_NANOS << Math.min(failures, 5));
                time.sleep(full / 2 + random.nextLong(full / 2 + 1));
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    private void read() throws InterruptedException {
        var snapshot = engine.snapshot(service);
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
            told = false;
            if (!closed) {
                follower.complete(instances);
            }
        } finally {
            lock.unlock();
        }
    }

    private String id(KeyValue each) {
        return each.getKey().toString(UTF_8).substring(prefix.length());
    }

    /** Takes changes in until the watch breaks; gives back why. */
    private Throwable watch() throws InterruptedException {
        var broken = new Promise<Throwable>();
        Client client = clients.current();
        var option = WatchOption.builder()
                .withRevision(revision + 1)
                .isPrefix(true)
                .withRequireLeader(true) // a member that is cut off from the others would say nothing for ever
                .build();
        var listener = new Watch.Listener() {
            @Override
            public void onNext(WatchResponse response) {
                take(response, broken);
            }

            @Override
            public void onError(Throwable e) {
                broken.complete(e);
            }

            @Override
            public void onCompleted() {
                broken.complete(new IllegalStateException("the watch ended"));
            }
        };
        try (Watch.Watcher _ = client.getWatchClient().watch(EtcdBackend.bytes(prefix), option, listener)) {
            Throwable cause = null;
            while (cause == null) {
                cause = broken.await(time, WAIT_NANOS);
            }
            if (EtcdBackend.compacted(cause)) {
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

    private void take(WatchResponse response, Promise<Throwable> broken) {
        lock.lock();
        try {
            if (closed || broken.now() != null) {
                return;
            }
            // Not the revision that the response names: a watch that catches up gets it before the last change.
            for (WatchEvent event : response.getEvents()) {
                KeyValue now = event.getKeyValue();
                revision = Math.max(revision, now.getModRevision());
                String value = now.getValue().toString(UTF_8);
                switch (event.getEventType()) {
                    case PUT -> {
                        if (value.startsWith(EtcdBackend.GONE)) {
                            follower.removed(id(now), value.substring(EtcdBackend.GONE.length()));
                        } else {
                            follower.changed(id(now), value);
                        }
                    }
                    case DELETE -> follower.removed(id(now), "lease expired");
                    case UNRECOGNIZED -> {}
                }
            }
        } finally {
            lock.unlock();
        }
    }

    private void failed(String why) {
        lock.lock();
        try {
            if (!told && !closed) {
                told = true;
                revision = 0; // reading the set again tells the follower that all is well
                follower.failed(why);
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        closed = true;
        thread.interrupt();
    }
}
