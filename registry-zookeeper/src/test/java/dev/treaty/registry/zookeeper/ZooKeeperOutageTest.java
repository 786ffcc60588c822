package dev.treaty.registry.zookeeper;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.JsonInstances;
import dev.treaty.Treaty;
import dev.treaty.core.call.Principal;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import dev.treaty.core.discovery.DiscoveryEvent.Added;
import dev.treaty.core.discovery.DiscoveryEvent.Removed;
import dev.treaty.core.discovery.Registry;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.event.Events;
import dev.treaty.core.time.RandomSource;
import dev.treaty.core.time.Time;
import dev.treaty.registry.NetworkRegistry;
import dev.treaty.registry.RegistryAddress;
import dev.treaty.registry.RegistryPolicy;
import dev.treaty.registry.SelfPreservationPolicy;
import dev.treaty.registry.spi.RegistryProvider;
import dev.treaty.simulation.OngoingCalls;
import dev.treaty.simulation.WatchRecorder;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.retry.RetryOneTime;
import org.apache.curator.test.TestingServer;
import org.apache.zookeeper.ZooKeeper;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What happens to a registry in ZooKeeper when ZooKeeper does not go on as usual. */
class ZooKeeperOutageTest {
    private static final ServiceName ORDERS = new ServiceName("shop.Orders");
    private static final Instant STARTED = Instant.parse("2026-01-01T00:00:00Z");

    /** Short, so that what needs a lease to end does not take long; ZooKeeper grants four seconds at least. */
    private static final RegistryPolicy HASTY = new RegistryPolicy(
            Duration.ofSeconds(4),
            Duration.ofSeconds(3),
            Duration.ofMillis(100),
            Duration.ofSeconds(1),
            Duration.ofSeconds(20),
            SelfPreservationPolicy.STANDARD);

    /** Where nobody's lease is to end, however long the machine stands still. */
    private static final RegistryPolicy LASTING = lasting(Duration.ofSeconds(15));

    private static RegistryPolicy lasting(Duration lease) {
        return new RegistryPolicy(
                lease,
                HASTY.patience(),
                HASTY.pauseMin(),
                HASTY.pauseMax(),
                Duration.ofMinutes(1),
                SelfPreservationPolicy.STANDARD);
    }

    private static final Duration PATIENCE = Duration.ofMinutes(1);

    private final List<AutoCloseable> opened = new ArrayList<>();

    private <T extends AutoCloseable> T closing(T resource) {
        opened.addFirst(resource);
        return resource;
    }

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable each : opened) {
            each.close();
        }
    }

    private static String address(TestingServer server) {
        return "zookeeper://" + server.getConnectString() + "/outage";
    }

    private Registry client(TestingServer server) {
        return client(server, HASTY);
    }

    private Registry client(TestingServer server, RegistryPolicy policy) {
        return closing(ZooKeeperRegistryTest.open(address(server), policy, Events.NONE));
    }

    private static void await(BooleanSupplier reached) {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (!reached.getAsBoolean()) {
            assertThat(System.nanoTime() - end)
                    .as("nanoseconds over the time to wait")
                    .isNegative();
            LockSupport.parkNanos(1_000_000);
        }
    }

    private static ServiceInstance instance(String id) {
        return ServiceInstance.of(
                        id, ORDERS, new Version(1, 0, 0), new ServiceEndpoint("http", "127.0.0.1", 8080), STARTED)
                .withHealth(ServiceHealth.of(Status.PASSING, STARTED));
    }

    @Test
    void an_outage_empties_nothing_and_is_over_when_zookeeper_is_back() throws Exception {
        var server = closing(new TestingServer());
        var serving = client(server, LASTING);
        var watching = client(server, LASTING);
        var registration = serving.register(instance("orders-1"));
        var seen = new WatchRecorder();
        watching.watch(ORDERS, seen);
        seen.next(Added.class);

        server.stop();
        await(() -> watching.problem().isPresent() && serving.problem().isPresent());
        serving.register(instance("orders-2"));
        registration.report(ServiceHealth.of(Status.WARNING, STARTED));
        assertThat(watching.instances(ORDERS)).hasSize(1);
        assertThat(watching.problem().orElseThrow()).contains(address(server), "cannot be reached");
        server.restart();

        var view = seen.until(v -> v.size() == 2 && v.get("orders-1").health().status() == Status.WARNING);
        assertThat(view).containsOnlyKeys("orders-1", "orders-2");
        assertThat(seen.smallest()).as("the smallest set that any removal left").isEqualTo(Integer.MAX_VALUE);
        await(() -> watching.problem().isEmpty() && serving.problem().isEmpty());
    }

    @Test
    void a_zookeeper_that_begins_anew_is_filled_again_and_nobody_is_lost_meanwhile() throws Exception {
        var policy = lasting(Duration.ofSeconds(8)); // a server that begins anew is only talked to in a new session
        var before = new TestingServer();
        var serving = client(before, policy);
        var watching = client(before, policy);
        serving.register(instance("orders-1"));
        var seen = new WatchRecorder();
        watching.watch(ORDERS, seen);
        seen.next(Added.class);

        before.close();
        var server = closing(new TestingServer(before.getPort()));

        var late = client(server, policy);
        await(() -> late.instances(ORDERS).size() == 1);
        serving.register(instance("orders-2"));
        assertThat(seen.until(v -> v.size() == 2)).containsOnlyKeys("orders-1", "orders-2");
        assertThat(seen.smallest()).isEqualTo(Integer.MAX_VALUE);
    }

    @Test
    void an_instance_whose_session_ended_is_registered_in_another() throws Exception {
        var server = closing(new TestingServer());
        var surroundings = new RegistryProvider.RegistryContext(
                Principal.claimed("test"),
                HASTY,
                Time.system(),
                RandomSource.secure(),
                Events.NONE,
                new JsonInstances());
        var engine = new ZooKeeperBackend(
                ZooKeeperAddress.parse((RegistryAddress.Provided) RegistryAddress.parse(address(server))),
                surroundings);
        var serving = closing(NetworkRegistry.over(engine, address(server), surroundings));
        serving.register(instance("orders-1"));
        var seen = new WatchRecorder();
        client(server).watch(ORDERS, seen);
        seen.next(Added.class);
        var zookeeper = engine.client().getZookeeperClient().getZooKeeper();
        long session = zookeeper.getSessionId();
        byte[] password = zookeeper.getSessionPasswd();

        // Somebody who has the session too ends it: to its first owner that is as if it had expired. The owner may be
        // quicker and take it back, so that it is tried again.
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (seen.pending().isEmpty()) {
            assertThat(System.nanoTime() - end).isNegative();
            var told = new CountDownLatch(1); // that it is connected, or that the session has ended
            var other =
                    new ZooKeeper(server.getConnectString(), 4_000, _ -> told.countDown(), session, password.clone());
            told.await(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            other.close();
        }

        assertThat(seen.next(Removed.class).reason()).isEqualTo("lease expired");
        assertThat(seen.next(Added.class).instance().id()).isEqualTo("orders-1");
    }

    @Test
    void what_others_delete_is_registered_again() throws Exception {
        var server = closing(new TestingServer());
        client(server).register(instance("orders-1"));
        var seen = new WatchRecorder();
        client(server).watch(ORDERS, seen);
        seen.next(Added.class);

        try (var raw = CuratorFrameworkFactory.newClient(server.getConnectString(), new RetryOneTime(100))) {
            raw.start();
            raw.delete().forPath("/outage/instances/shop.Orders/orders-1");
        }

        seen.next(Removed.class);
        seen.next(Added.class);
    }

    @Test
    void calls_go_on_while_zookeeper_restarts_and_instances_come_and_go() throws Exception {
        var server = closing(new TestingServer());
        var settings = OngoingCalls.settings(RegistryAddress.parse(address(server)));
        var first = OngoingCalls.serving(settings, "first");
        closing(OngoingCalls.serving(settings, "second"));
        var calls = new OngoingCalls(closing(Treaty.open(settings)));
        await(() -> calls.answers("first"));
        await(() -> calls.answers("second"));
        calls.begin();

        server.stop();
        calls.forget();
        await(() -> calls.answered().size() == 2);
        server.restart();
        closing(OngoingCalls.serving(settings, "third"));
        await(() -> calls.answered().contains("third"));
        first.close();
        calls.forget();
        await(() -> calls.answered().size() == 2);

        calls.end();
        assertThat(calls.failures())
                .as("failures of " + calls.made() + " calls")
                .isEmpty();
        assertThat(calls.answered()).containsOnly("second", "third");
    }
}
