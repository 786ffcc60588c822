package dev.treaty.registry.zookeeper;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import dev.treaty.core.discovery.DiscoveryEvent.Added;
import dev.treaty.core.discovery.DiscoveryEvent.Removed;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.event.Event;
import dev.treaty.core.event.Events;
import dev.treaty.registry.RegistryPolicy;
import dev.treaty.simulation.WatchRecorder;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.LinkedBlockingQueue;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.retry.RetryOneTime;
import org.apache.curator.test.TestingServer;
import org.junit.jupiter.api.Test;

/** Nodes in ZooKeeper that other programs have written. */
class ZooKeeperForeignTest {
    private static final ServiceName ORDERS = new ServiceName("shop.Orders");
    private static final Instant STARTED = Instant.parse("2026-01-01T00:00:00Z");

    @Test
    void nodes_without_data_are_ignored() throws Exception {
        try (var server = new TestingServer();
                var others = CuratorFrameworkFactory.newClient(server.getConnectString(), new RetryOneTime(100))) {
            others.start();
            others.create().creatingParentsIfNeeded().forPath("/foreign/instances/shop.Orders", null);
            others.create().forPath("/foreign/instances/shop.Orders/empty", null);
            try (var registry = ZooKeeperRegistryTest.open(
                    "zookeeper://" + server.getConnectString() + "/foreign", RegistryPolicy.STANDARD, Events.NONE)) {
                var watcher = new WatchRecorder();
                registry.watch(ORDERS, watcher);
                var endpoint = new ServiceEndpoint("http", "127.0.0.1", 8080);
                var registration =
                        registry.register(ServiceInstance.of("a", ORDERS, new Version(1, 0, 0), endpoint, STARTED));

                assertThat(watcher.next(Added.class).instance().id()).isEqualTo("a");
                assertThat(registry.lookup(ORDERS)).hasSize(1);
                registration.close();
                assertThat(watcher.next(Removed.class).reason()).isEqualTo("closed");
            }
        }
    }

    @Test
    void a_drain_does_not_wait_for_nodes_that_are_no_watchers() throws Exception {
        var events = new LinkedBlockingQueue<Event>();
        try (var server = new TestingServer();
                var others = CuratorFrameworkFactory.newClient(server.getConnectString(), new RetryOneTime(100))) {
            others.start();
            others.create().creatingParentsIfNeeded().forPath("/foreign/watchers/shop.Orders/lock-1", null);
            others.create().forPath("/foreign/watchers/shop.Orders/" + "0".repeat(32), "held".getBytes(UTF_8));
            try (var registry = ZooKeeperRegistryTest.open(
                    "zookeeper://" + server.getConnectString() + "/foreign", RegistryPolicy.STANDARD, events::add)) {
                var endpoint = new ServiceEndpoint("http", "127.0.0.1", 8080);
                var instance = ServiceInstance.of("a", ORDERS, new Version(1, 0, 0), endpoint, STARTED);
                registry.register(instance);
                registry.watch(ORDERS, _ -> {});

                assertThat(registry.drain(instance, true, Duration.ofSeconds(30)))
                        .isTrue();
                assertThat(registry.drain(instance, false, Duration.ofSeconds(30)))
                        .isTrue();

                assertThat(events.stream()
                                .map(Object::toString)
                                .filter(each -> each.contains("is not the record of a watcher")))
                        .satisfiesExactlyInAnyOrder(
                                each -> assertThat(each).contains("the watcher lock-1 of shop.Orders"),
                                each -> assertThat(each).contains("the watcher 0000"));
            }
        }
    }
}
