package dev.treaty.registry.zookeeper;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.time.Promise;
import dev.treaty.core.time.Time;
import dev.treaty.registry.spi.Backend.Follower;
import dev.treaty.registry.spi.Backend.Following;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.random.RandomGenerator;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.recipes.watch.PersistentWatcher;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.data.Stat;
import org.jspecify.annotations.Nullable;

/**
 * Follows one service in ZooKeeper. A watch says which nodes are to be looked at, and one thread looks; what changed
 * twice before that is seen once, as it is then. After every loss of the connection all nodes are looked at.
 */
final class ZooKeeperFollowing implements Following {
    private static final long PAUSE_NANOS = Duration.ofMillis(200).toNanos();
    private static final long PAUSE_MAX_NANOS = Duration.ofSeconds(2).toNanos();
    private static final long WAIT_NANOS = Duration.ofHours(1).toNanos();
    private static final long READ_NANOS = Duration.ofSeconds(10).toNanos();

    /** A node as it was read. */
    private record Node(String text, Stat stat) {}

    private final ZooKeeperBackend engine;
    private final CuratorFramework client;
    private final Time time;
    private final RandomGenerator random;
    private final String path;
    private final Follower follower;
    private final PersistentWatcher watcher;
    private final Thread thread;
    private final Map<String, Long> made = new HashMap<>(); // by id, the transaction that made the instance known
    private final ReentrantLock lock = new ReentrantLock();
    private Set<String> dirty = new LinkedHashSet<>();
    private boolean all;
    private Promise<Boolean> wake = new Promise<>();
    private volatile boolean closed;

    ZooKeeperFollowing(
            ZooKeeperBackend engine,
            CuratorFramework client,
            ZooKeeperPaths paths,
            Time time,
            RandomGenerator random,
            ServiceName service,
            Follower follower) {
        this.engine = engine;
        this.client = client;
        this.time = time;
        this.random = random;
        this.path = paths.instances(service);
        this.follower = follower;
        this.watcher = new PersistentWatcher(client, path, true);
        this.thread = Thread.ofVirtual().name("treaty-zookeeper-" + service).unstarted(this::run);
    }

    void start() {
        watcher.getListenable().addListener(event -> {
            String at = event.getPath();
            if (at != null && at.startsWith(path + "/")) {
                look(at);
            }
        });
        watcher.getResetListenable().addListener(() -> look(null));
        watcher.start();
        thread.start();
    }

    /** Has a node looked at, or all of them. */
    private void look(@Nullable String at) {
        lock.lock();
        try {
            if (at == null) {
                all = true;
            } else {
                dirty.add(at);
            }
            wake.complete(true);
        } finally {
            lock.unlock();
        }
    }

    private void run() {
        int failures = 0;
        try {
            while (!closed) {
                Promise<Boolean> next;
                Set<String> some;
                boolean every;
                lock.lock();
                try {
                    next = new Promise<>();
                    wake = next;
                    some = dirty;
                    dirty = new LinkedHashSet<>();
                    every = all;
                    all = false;
                } finally {
                    lock.unlock();
                }
                try {
                    if (every) {
                        readAll();
                    } else if (!some.isEmpty()) {
                        read(List.copyOf(some)).forEach(this::take);
                    }
                    failures = 0;
                    next.await(time, WAIT_NANOS);
                } catch (ServiceException e) {
                    follower.failed(e.fault().message());
                    look(null);
                    long full = Math.min(PAUSE_MAX_NANOS, PAUSE_NANOS << Math.min(failures++, 5));
                    time.sleep(full / 2 + random.nextLong(full / 2 + 1));
                }
            }
        } catch (InterruptedException e) {
            // closed
        }
    }

    private void readAll() throws InterruptedException {
        var at = engine.children(path).stream().map(name -> path + "/" + name).toList();
        var instances = new HashMap<String, String>();
        var there = new HashSet<String>();
        read(at).forEach((each, node) -> {
            if (node != null) {
                String id = id(each);
                there.add(id);
                instances.put(id, node.text);
                made.put(id, node.stat.getCzxid());
            }
        });
        made.keySet().retainAll(there);
        if (!closed) {
            follower.complete(instances);
        }
    }

    private String id(String at) {
        return ZooKeeperPaths.id(path + "/", at);
    }

    /** Those nodes as they are, null where there is none; all are asked for at once. */
    private Map<String, @Nullable Node> read(List<String> at) throws InterruptedException {
        var answers = new LinkedHashMap<String, Promise<Object>>();
        try {
            for (String each : at) {
                var answer = new Promise<Object>();
                answers.put(each, answer);
                client.getData()
                        .inBackground((_, event) -> {
                            boolean read = event.getResultCode() == KeeperException.Code.OK.intValue();
                            answer.complete(
                                    read
                                            ? new Node(ZooKeeperBackend.text(event.getData()), event.getStat())
                                            : event.getResultCode());
                        })
                        .forPath(each);
            }
        } catch (InterruptedException e) {
            throw e;
        } catch (Exception e) { // as Curator declares it
            throw new ServiceException(Code.UNAVAILABLE, "ZooKeeper: " + e);
        }
        var nodes = new LinkedHashMap<String, @Nullable Node>();
        for (var each : answers.entrySet()) {
            Object answer = each.getValue().await(time, READ_NANOS);
            if (answer instanceof Node node) {
                nodes.put(each.getKey(), node);
            } else if (answer instanceof Integer code && code == KeeperException.Code.NONODE.intValue()) {
                nodes.put(each.getKey(), null);
            } else {
                String why = answer instanceof Integer code
                        ? KeeperException.Code.get(code).toString()
                        : "no answer";
                throw new ServiceException(Code.UNAVAILABLE, "ZooKeeper cannot be reached (" + why + ")");
            }
        }
        return nodes;
    }

    private void take(String at, @Nullable Node node) {
        if (closed) {
            return;
        }
        String id = id(at);
        Long before = made.get(id);
        if (before != null && (node == null || node.stat.getCzxid() != before)) {
            String departures = departures();
            var reason = Departures.reason(departures, before);
            if (node == null || reason.isPresent()) { // otherwise its process holds it again, in another session
                made.remove(id);
                follower.removed(id, reason.orElse("lease expired"));
            }
        }
        if (node != null) {
            made.put(id, node.stat.getCzxid());
            follower.changed(id, node.text);
        }
    }

    private @Nullable String departures() {
        try {
            return engine.read(path);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return null;
        } catch (ServiceException e) {
            return null; // why it left is not worth failing for
        }
    }

    @Override
    public void close() {
        closed = true;
        watcher.close();
        thread.interrupt();
    }
}
