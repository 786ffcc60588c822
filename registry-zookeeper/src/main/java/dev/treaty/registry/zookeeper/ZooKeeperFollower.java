package dev.treaty.registry.zookeeper;

import dev.treaty.core.call.ServiceException;
import dev.treaty.core.discovery.RemovalReason;
import dev.treaty.core.time.Promise;
import dev.treaty.core.time.Time;
import dev.treaty.registry.spi.Backend.Follower;
import dev.treaty.registry.spi.FollowerThread;
import dev.treaty.registry.spi.RegistryProvider.RegistryContext;
import dev.treaty.registry.spi.StorePaths;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.recipes.watch.PersistentWatcher;
import org.apache.curator.framework.state.ConnectionState;
import org.apache.curator.framework.state.ConnectionStateListener;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.data.Stat;
import org.jspecify.annotations.Nullable;

/**
 * Follows one service, or the central settings, in ZooKeeper. A persistent watch marks nodes as changed, and one thread
 * reads them; several changes of a node before it is read appear as one. All nodes are read after each loss of the
 * connection, and once the session is lost, so that an outage is reported although nothing changes.
 */
final class ZooKeeperFollower extends FollowerThread {
    private static final Duration PAUSE = Duration.ofMillis(200);
    private static final Duration PAUSE_MAX = Duration.ofSeconds(2);
    private static final long WAIT_NANOS = Duration.ofHours(1).toNanos();
    private static final long READ_NANOS = Duration.ofSeconds(10).toNanos();

    private record Node(String text, Stat stat) {}

    private final ZooKeeperBackend backend;
    private final CuratorFramework client;
    private final Time time;
    private final String path;
    private final PersistentWatcher watcher;
    private final ConnectionStateListener onLost;
    private final Map<String, Long> created = new HashMap<>(); // by id, the transaction that created the known node
    private Set<String> changed = new LinkedHashSet<>();
    private boolean allChanged;
    private Promise<Boolean> wakeUp = new Promise<>();

    ZooKeeperFollower(
            ZooKeeperBackend backend,
            CuratorFramework client,
            String path,
            RegistryContext context,
            String followed,
            Follower follower) {
        super("treaty-zookeeper-" + followed, context, follower, PAUSE, PAUSE_MAX);
        this.backend = backend;
        this.client = client;
        this.time = context.time();
        this.path = path;
        this.watcher = new PersistentWatcher(client, path, true);
        watcher.getListenable().addListener(event -> {
            if (event.getPath() != null && event.getPath().startsWith(path + "/")) {
                markChanged(event.getPath());
            }
        });
        watcher.getResetListenable().addListener(() -> markChanged(null));
        watcher.start();
        this.onLost = (_, state) -> {
            if (state == ConnectionState.LOST) {
                markChanged(null);
            }
        };
        client.getConnectionStateListenable().addListener(onLost);
    }

    /** Marks a node as changed; null for all nodes. */
    private synchronized void markChanged(@Nullable String node) {
        allChanged |= node == null;
        if (node != null) {
            changed.add(node);
        }
        wakeUp.complete(true);
    }

    @Override
    protected long step() throws InterruptedException {
        var next = new Promise<Boolean>();
        Set<String> nodes;
        boolean all;
        synchronized (this) {
            wakeUp = next;
            nodes = changed;
            changed = new LinkedHashSet<>();
            all = allChanged;
            allChanged = false;
        }
        boolean delivered = false;
        try {
            if (all) {
                readAll();
            } else {
                for (var each : read(nodes).entrySet()) {
                    if (!closed()) {
                        deliver(each.getKey(), each.getValue());
                    }
                }
            }
            delivered = true;
        } finally {
            if (!delivered) { // whatever was thrown: the next step reads all
                markChanged(null);
            }
        }
        next.await(time, WAIT_NANOS);
        return 0;
    }

    private void readAll() throws InterruptedException {
        follower.starting();
        var nodes = backend.names(path).stream().map(name -> path + "/" + name).toList();
        var instances = new HashMap<String, String>();
        read(nodes).forEach((at, node) -> {
            if (node != null) {
                instances.put(id(at), node.text);
                created.put(id(at), node.stat.getCzxid());
            }
        });
        created.keySet().retainAll(instances.keySet());
        if (!closed()) {
            follower.complete(instances);
        }
    }

    private static String id(String node) {
        return StorePaths.name(node);
    }

    /** Reads nodes in parallel; null for those that do not exist. */
    private Map<String, @Nullable Node> read(Collection<String> paths) throws InterruptedException {
        var responses = new LinkedHashMap<String, Promise<Object>>();
        try {
            for (String each : paths) {
                var response = new Promise<Object>();
                responses.put(each, response);
                client.getData()
                        .inBackground((_, event) -> response.complete(
                                event.getResultCode() == KeeperException.Code.OK.intValue()
                                        ? new Node(ZooKeeperBackend.text(event.getData()), event.getStat())
                                        : KeeperException.Code.get(event.getResultCode())))
                        .forPath(each);
            }
        } catch (InterruptedException e) {
            throw e;
        } catch (Exception e) { // as Curator declares it
            throw ZooKeeperBackend.unavailable("ZooKeeper: " + e);
        }
        var nodes = new LinkedHashMap<String, @Nullable Node>();
        for (var each : responses.entrySet()) {
            Object response = each.getValue().await(time, READ_NANOS);
            if (!(response instanceof Node) && response != KeeperException.Code.NONODE) {
                String reason = response == null ? "no response" : response.toString();
                throw ZooKeeperBackend.unavailable("ZooKeeper cannot be reached (" + reason + ")");
            }
            nodes.put(each.getKey(), response instanceof Node node ? node : null);
        }
        return nodes;
    }

    private void deliver(String at, @Nullable Node node) throws InterruptedException {
        String id = id(at);
        Long before = created.get(id);
        if (before != null && (node == null || node.stat.getCzxid() != before)) {
            var reason = RemovalReasons.find(reasons(), before);
            if (node == null || reason.isPresent()) { // otherwise the process has registered it again
                created.remove(id);
                follower.removed(id, reason.orElse(RemovalReason.LEASE_EXPIRED.text()));
            }
        }
        if (node != null) {
            created.put(id, node.stat.getCzxid());
            follower.changed(id, node.text);
        }
    }

    private String reasons() throws InterruptedException {
        try {
            return backend.data(path);
        } catch (ServiceException e) {
            return ""; // a removal without its reason is better than none
        }
    }

    @Override
    public void close() {
        client.getConnectionStateListenable().removeListener(onLost);
        watcher.close();
        super.close();
    }
}
