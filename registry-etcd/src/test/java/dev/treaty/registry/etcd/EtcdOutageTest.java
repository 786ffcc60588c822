package dev.treaty.registry.etcd;

import static dev.treaty.registry.etcd.Etcd.await;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.Treaty;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.ServiceException;
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
import dev.treaty.registry.RegistryPolicy;
import dev.treaty.registry.RegistryProtocol;
import dev.treaty.registry.SelfPreservationPolicy;
import dev.treaty.registry.spi.Backend;
import dev.treaty.simulation.OngoingCalls;
import dev.treaty.simulation.WatchRecorder;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What happens to a registry in etcd when etcd does not go on as usual. */
class EtcdOutageTest {
    private static final ServiceName ORDERS = new ServiceName("shop.Orders");
    private static final Instant STARTED = Instant.parse("2026-01-01T00:00:00Z");

    /** Short, so that what needs a lease to end or a grace to be over does not take long. */
    private static final RegistryPolicy HASTY = new RegistryPolicy(
            Duration.ofSeconds(3),
            Duration.ofSeconds(3),
            Duration.ofMillis(100),
            Duration.ofSeconds(1),
            Duration.ofSeconds(20),
            SelfPreservationPolicy.STANDARD);

    /** Where nobody's lease is to end, however long the machine stands still. */
    private static final RegistryPolicy LASTING = new RegistryPolicy(
            Duration.ofSeconds(15),
            HASTY.patience(),
            HASTY.pauseMin(),
            HASTY.pauseMax(),
            Duration.ofMinutes(1),
            SelfPreservationPolicy.STANDARD);

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

    private Registry client(Etcd etcd) {
        return client(etcd, HASTY);
    }

    private Registry client(Etcd etcd, RegistryPolicy policy) {
        return closing(Etcd.open(etcd.address("outage"), policy, Events.NONE));
    }

    private static ServiceInstance instance(String id) {
        return ServiceInstance.of(
                        id, ORDERS, new Version(1, 0, 0), new ServiceEndpoint("http", "127.0.0.1", 8080), STARTED)
                .withHealth(ServiceHealth.of(Status.PASSING, STARTED));
    }

    @Test
    void an_outage_empties_nothing_and_is_over_when_etcd_is_back() {
        var etcd = closing(Etcd.start(1));
        var serving = client(etcd, LASTING);
        var watching = client(etcd, LASTING);
        var registration = serving.register(instance("orders-1"));
        var seen = new WatchRecorder();
        watching.watch(ORDERS, seen);
        seen.next(Added.class);

        etcd.only().kill();
        await(() -> watching.problem().isPresent() && serving.problem().isPresent());
        serving.register(instance("orders-2"));
        registration.report(ServiceHealth.of(Status.WARNING, STARTED));
        assertThat(watching.instances(ORDERS)).hasSize(1);
        assertThat(watching.problem().orElseThrow()).contains(etcd.address("outage"), "cannot be reached");
        etcd.start(etcd.only());

        var view = seen.until(v -> v.size() == 2 && v.get("orders-1").health().status() == Status.WARNING);
        assertThat(view).containsOnlyKeys("orders-1", "orders-2");
        assertThat(seen.smallest()).as("the smallest set that any removal left").isEqualTo(Integer.MAX_VALUE);
        await(() -> watching.problem().isEmpty() && serving.problem().isEmpty());
    }

    @Test
    void an_etcd_that_begins_anew_is_filled_again_and_nobody_is_lost_meanwhile() {
        var etcd = closing(Etcd.start(1));
        var serving = client(etcd, LASTING);
        var watching = client(etcd, LASTING);
        serving.register(instance("orders-1"));
        var seen = new WatchRecorder();
        watching.watch(ORDERS, seen);
        seen.next(Added.class);

        etcd.only().kill();
        etcd.only().forget();
        etcd.start(etcd.only());

        etcd.awaitHealthy();
        var late = client(etcd, LASTING);
        await(() -> late.instances(ORDERS).size() == 1);
        serving.register(instance("orders-2"));
        assertThat(seen.until(v -> v.size() == 2)).containsOnlyKeys("orders-1", "orders-2");
        assertThat(seen.smallest()).isEqualTo(Integer.MAX_VALUE);
    }

    @Test
    void what_others_delete_is_registered_again() throws Exception {
        var etcd = closing(Etcd.start(1));
        var serving = client(etcd);
        serving.register(instance("orders-1"));
        var seen = new WatchRecorder();
        client(etcd).watch(ORDERS, seen);
        seen.next(Added.class);

        try (Client raw = raw(etcd)) {
            raw.getKVClient()
                    .delete(bytes("/outage/instances/shop.Orders/orders-1"))
                    .get();
        }

        seen.next(Removed.class);
        assertThat(seen.next(Added.class).instance().id()).isEqualTo("orders-1");
    }

    @Test
    void a_lease_that_etcd_ended_is_taken_anew() throws Exception {
        var etcd = closing(Etcd.start(1));
        var serving = client(etcd);
        serving.register(instance("orders-1"));
        var seen = new WatchRecorder();
        client(etcd).watch(ORDERS, seen);
        seen.next(Added.class);

        endLease(etcd, "orders-1");

        assertThat(seen.next(Removed.class).reason()).isEqualTo("lease expired");
        seen.next(Added.class);
    }

    /** Ends the lease that an instance is under: to everybody that is as if it had run out. */
    private void endLease(Etcd etcd, String id) throws InterruptedException, ExecutionException {
        try (Client raw = raw(etcd)) {
            long lease = raw.getKVClient()
                    .get(bytes("/outage/instances/shop.Orders/" + id))
                    .get()
                    .getKvs()
                    .getFirst()
                    .getLease();
            raw.getLeaseClient().revoke(lease).get();
        }
    }

    /** What is told next, but for tries that failed and for what is only said again. */
    private static String next(BlockingQueue<String> told, String before) throws InterruptedException {
        String next;
        do {
            next = told.poll(20, TimeUnit.SECONDS);
        } while (next != null && (next.startsWith("failed") || next.equals(before)));
        return next;
    }

    @Test
    void a_watch_that_compaction_overtook_reads_the_set_anew() throws Exception {
        var etcd = closing(Etcd.start(1));
        var engine = closing(new EtcdBackend(
                EtcdAddress.parse(Etcd.provided(etcd.address("outage"))), Etcd.surroundings(HASTY, Events.NONE)));
        Client raw = closing(raw(etcd));
        raw.getKVClient()
                .put(bytes("/outage/instances/shop.Orders/a"), bytes("1"))
                .get();
        var told = new LinkedBlockingQueue<String>();

        closing(engine.follow(ORDERS, new Backend.Follower() {
            private boolean again;

            @Override
            public void complete(Map<String, String> instances) {
                told.add("complete " + new TreeMap<>(instances));
                if (!again) { // the set has been read and the watch has not begun: now etcd forgets what is in between
                    again = true;
                    try {
                        raw.getKVClient()
                                .delete(bytes("/outage/instances/shop.Orders/a"))
                                .get();
                        var last = raw.getKVClient().put(bytes("/outage/instances/shop.Orders/b"), bytes("2"));
                        raw.getKVClient()
                                .compact(last.get().getHeader().getRevision())
                                .get();
                    } catch (ExecutionException | InterruptedException e) {
                        throw new AssertionError(e);
                    }
                }
            }

            @Override
            public void changed(String id, String value) {
                told.add("changed " + id + "=" + value);
            }

            @Override
            public void removed(String id, String reason) {
                told.add("removed " + id);
            }

            @Override
            public void failed(String why) {
                told.add("failed " + why);
            }
        }));

        assertThat(next(told, "")).isEqualTo("complete {a=1}");
        assertThat(next(told, "complete {a=1}")).isEqualTo("complete {b=2}");
        raw.getKVClient()
                .put(bytes("/outage/instances/shop.Orders/b"), bytes("3"))
                .get();
        assertThat(next(told, "complete {b=2}")).isEqualTo("changed b=3");
    }

    /** A process that holds these and does not renew them. */
    private EtcdBackend dying(Etcd etcd, int instances, RegistryPolicy policy) throws InterruptedException {
        var surroundings = Etcd.surroundings(policy, Events.NONE);
        var engine = closing(new EtcdBackend(EtcdAddress.parse(Etcd.provided(etcd.address("outage"))), surroundings));
        for (int i = 0; i < instances; i++) {
            String value = surroundings.format().write(RegistryProtocol.Instance.of(instance("o-" + i)));
            hold(engine, new Backend.Holding("o-" + i, ORDERS, "owner", value));
        }
        return engine;
    }

    /** Holds it, trying again as long as etcd does not answer in time. */
    private static void hold(EtcdBackend engine, Backend.Holding holding) throws InterruptedException {
        long end = System.nanoTime() + Etcd.PATIENCE.toNanos();
        while (true) {
            try {
                assertThat(engine.hold(holding)).isEmpty();
                return;
            } catch (ServiceException e) {
                if (e.code() != Code.UNAVAILABLE || System.nanoTime() - end > 0) {
                    throw e;
                }
            }
        }
    }

    @Test
    void a_process_that_dies_leaves_when_its_lease_ends() throws InterruptedException {
        var etcd = closing(Etcd.start(1));
        var seen = new WatchRecorder();
        client(etcd).watch(ORDERS, seen);

        dying(etcd, 1, HASTY);

        seen.next(Added.class);
        assertThat(seen.next(Removed.class).reason()).isEqualTo("lease expired");
    }

    @Test
    void many_that_leave_at_once_are_kept_as_stale() throws Exception {
        var etcd = closing(Etcd.start(1));
        var seen = new WatchRecorder();
        client(etcd).watch(ORDERS, seen);

        dying(etcd, 10, LASTING);

        seen.until(view -> view.size() == 10);
        endLease(etcd, "o-0"); // which is that of them all
        var left = seen.until(view -> view.values().stream()
                        .filter(each -> each.health().details().containsKey("stale"))
                        .count()
                == 9);
        assertThat(left).as("15 % of them, which is one").hasSize(9);
        var back = client(etcd).register(instance("o-5"));
        seen.until(view -> view.get("o-5") != null && view.get("o-5").health().status() == Status.PASSING);
        back.close();
    }

    @Test
    void calls_go_on_while_a_cluster_loses_its_leader_and_instances_come_and_go() throws InterruptedException {
        var etcd = closing(Etcd.start(3));
        var settings = OngoingCalls.settings(Etcd.provided(etcd.address("calls")));
        var first = OngoingCalls.serving(settings, "first");
        closing(OngoingCalls.serving(settings, "second"));
        var calls = new OngoingCalls(closing(Treaty.open(settings)));
        await(() -> calls.answers("first"));
        await(() -> calls.answers("second"));
        calls.begin();

        var leader = etcd.leader();
        leader.kill();
        closing(OngoingCalls.serving(settings, "third"));
        await(() -> calls.answered().contains("third"));
        first.close();
        calls.forget();
        await(() -> calls.answered().containsAll(Set.of("second", "third")));
        etcd.start(leader);
        etcd.awaitHealthy();

        calls.end();
        assertThat(calls.failures())
                .as("failures of " + calls.made() + " calls")
                .isEmpty();
        assertThat(calls.answered()).doesNotContain("first");
    }

    private Client raw(Etcd etcd) {
        return Client.builder()
                .endpoints("http://127.0.0.1:" + etcd.only().port)
                .build();
    }

    private static ByteSequence bytes(String text) {
        return ByteSequence.from(text, UTF_8);
    }
}
