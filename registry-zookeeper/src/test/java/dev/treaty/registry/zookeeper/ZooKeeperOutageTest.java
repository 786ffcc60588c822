package dev.treaty.registry.zookeeper;

import dev.treaty.core.discovery.DiscoveryEvent.Added;
import dev.treaty.core.discovery.DiscoveryEvent.Removed;
import dev.treaty.core.discovery.Registry;
import dev.treaty.core.discovery.SettingsStore.Stored;
import dev.treaty.core.event.Events;
import dev.treaty.registry.NetworkRegistry;
import dev.treaty.registry.RegistryAddress;
import dev.treaty.registry.RegistryPolicy;
import dev.treaty.simulation.OutageConformance;
import dev.treaty.simulation.Polling;
import dev.treaty.simulation.SettingsRecorder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.retry.RetryOneTime;
import org.apache.curator.test.TestingServer;
import org.apache.zookeeper.ZooKeeper;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Outages of ZooKeeper: the conformance suite, and what only happens in ZooKeeper. */
@Tag("long") // etcd runs the same suite in each build, and sessions of ZooKeeper expire slowly
class ZooKeeperOutageTest extends OutageConformance {
    private static final Duration LEASE_MIN = Duration.ofSeconds(4); // what ZooKeeper grants

    private final Map<Registry, ZooKeeperBackend> backends = new HashMap<>();

    @TempDir
    Path snapshot;

    private TestingServer server = new TestingServer();

    ZooKeeperOutageTest() throws Exception {}

    @AfterEach
    void closeServer() throws Exception {
        server.close();
    }

    @Override
    protected RegistryAddress address() {
        return RegistryAddress.parse("zookeeper://" + server.getConnectString() + "/outage");
    }

    @Override
    protected Registry open(RegistryPolicy policy) {
        var context = ZooKeeperRegistryTest.context(policy, Events.NONE);
        var backend = new ZooKeeperBackend((RegistryAddress.Provided) address(), context);
        var registry = NetworkRegistry.over(backend, address().toString(), context);
        backends.put(registry, backend);
        return registry;
    }

    @Override
    protected void stop() throws Exception {
        server.stop();
    }

    @Override
    protected void restart() throws Exception {
        server.restart();
    }

    @Override
    protected void restartEmpty() throws Exception {
        server.close();
        server = new TestingServer(server.getPort());
    }

    @Override
    protected void takeSnapshot() throws Exception {
        server.stop();
        copy(server.getTempDirectory().toPath(), snapshot);
        server.restart();
    }

    @Override
    protected void restoreSnapshot() throws Exception {
        server.stop();
        clear(server.getTempDirectory().toPath());
        copy(snapshot, server.getTempDirectory().toPath());
        server.restart();
    }

    private static void copy(Path from, Path to) throws IOException {
        try (var all = Files.walk(from)) {
            for (Path each : all.filter(Files::isRegularFile).toList()) {
                Path copied = to.resolve(from.relativize(each));
                Files.createDirectories(copied.getParent());
                Files.copy(each, copied);
            }
        }
    }

    private static void clear(Path directory) throws IOException {
        try (var all = Files.walk(directory)) {
            for (Path each : all.filter(Files::isRegularFile).toList()) {
                Files.delete(each);
            }
        }
    }

    @Override
    protected RegistryPolicy shortLease() {
        return policy(LEASE_MIN, Duration.ofSeconds(20));
    }

    /** Clients wait for the end of their session before they connect to an empty server. */
    @Override
    protected RegistryPolicy forEmptyRestart() {
        return policy(Duration.ofSeconds(8), Duration.ofSeconds(30));
    }

    @Override
    protected void endLease(Registry owner, String id) throws Exception {
        var zookeeper = backends.get(owner).client().getZookeeperClient().getZooKeeper();
        long session = zookeeper.getSessionId();
        byte[] password = zookeeper.getSessionPasswd();
        var watching = client(LASTING);
        Polling.until(() -> !watching.instances(ORDERS).isEmpty());
        // Another client of the session ends it, which for the owner is an expired session. The owner may reconnect
        // before that and keep the session, so this is repeated.
        Polling.until(
                () -> watching.instances(ORDERS).stream()
                        .noneMatch(instance -> instance.id().equals(id)),
                () -> endSession(session, password));
    }

    private void endSession(long session, byte[] password) {
        var connected = new CountDownLatch(1); // or expired already
        try {
            var other = new ZooKeeper(
                    server.getConnectString(), 4_000, _ -> connected.countDown(), session, password.clone());
            connected.await(Polling.PATIENCE.toSeconds(), TimeUnit.SECONDS);
            other.close();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void views_are_equal_after_an_ensemble_has_lost_its_leader_R10() throws Exception {
        var ensemble = closing(Ensemble.start(snapshot));
        int leader = ensemble.leader();
        assertConverges(
                () -> ZooKeeperRegistryTest.open(ensemble.address("leader"), LASTING, Events.NONE),
                _ -> ensemble.kill(leader),
                _ -> ensemble.restart(leader));
    }

    @Test
    void views_are_equal_after_all_sessions_have_expired_R10() throws Exception {
        assertConverges(() -> open(LASTING), _ -> {}, _ -> {
            for (ZooKeeperBackend each : List.copyOf(backends.values())) {
                var zookeeper = each.client().getZookeeperClient().getZooKeeper();
                endSession(zookeeper.getSessionId(), zookeeper.getSessionPasswd());
            }
        });
    }

    @Test
    void watchers_hold_the_central_settings_after_their_sessions_have_expired() throws Exception {
        var writing = client(LASTING);
        writing.settings().replace(0, "first");
        var watcher = SettingsRecorder.watch(client(LASTING).settings());
        for (ZooKeeperBackend each : List.copyOf(backends.values())) {
            var zookeeper = each.client().getZookeeperClient().getZooKeeper();
            endSession(zookeeper.getSessionId(), zookeeper.getSessionPasswd());
        }

        Polling.until(() -> writing.settings().replace(1, "second"));
        watcher.until(new Stored(2, "second"));
    }

    @Test
    void an_instance_that_others_delete_is_registered_again() throws Exception {
        client(shortLease()).register(instance("orders-1"));
        var watcher = watch(client(shortLease()));

        try (var others = CuratorFrameworkFactory.newClient(server.getConnectString(), new RetryOneTime(100))) {
            others.start();
            others.delete().forPath("/outage/instances/shop.Orders/orders-1");
        }

        watcher.next(Removed.class);
        watcher.next(Added.class);
    }
}
