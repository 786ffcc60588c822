package dev.treaty.registry.etcd;

import static dev.treaty.registry.etcd.Etcd.await;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.Treaty;
import dev.treaty.config.Settings;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.Contract;
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
import dev.treaty.registry.Engine;
import dev.treaty.registry.PreservationPolicy;
import dev.treaty.registry.RegistryPolicy;
import dev.treaty.registry.RegistryProtocol;
import dev.treaty.simulation.WatchRecorder;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
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
            PreservationPolicy.STANDARD);

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
        return closing(Etcd.open(etcd.address("outage"), HASTY, Events.NONE));
    }

    private static ServiceInstance instance(String id) {
        return ServiceInstance.of(
                        id, ORDERS, new Version(1, 0, 0), new ServiceEndpoint("http", "127.0.0.1", 8080), STARTED)
                .withHealth(ServiceHealth.of(Status.PASSING, STARTED));
    }

    @Test
    void an_outage_empties_nothing_and_is_over_when_etcd_is_back() {
        var etcd = closing(Etcd.start(1));
        var serving = client(etcd);
        var watching = client(etcd);
        var registration = serving.register(instance("orders-1"));
        var seen = new WatchRecorder();
        watching.watch(ORDERS, seen);
        seen.next(Added.class);

        etcd.only().kill();
        await(() -> watching.trouble().isPresent() && serving.trouble().isPresent());
        serving.register(instance("orders-2"));
        registration.report(ServiceHealth.of(Status.WARNING, STARTED));
        assertThat(watching.instances(ORDERS)).hasSize(1);
        assertThat(watching.trouble().orElseThrow()).contains(etcd.address("outage"), "cannot be reached");
        etcd.start(etcd.only());

        var view = seen.until(v -> v.size() == 2 && v.get("orders-1").health().status() == Status.WARNING);
        assertThat(view).containsOnlyKeys("orders-1", "orders-2");
        assertThat(seen.smallest()).as("the smallest set that any removal left").isEqualTo(Integer.MAX_VALUE);
        await(() -> watching.trouble().isEmpty() && serving.trouble().isEmpty());
    }

    @Test
    void an_etcd_that_begins_anew_is_filled_again_and_nobody_is_lost_meanwhile() {
        var etcd = closing(Etcd.start(1));
        var serving = client(etcd);
        var watching = client(etcd);
        serving.register(instance("orders-1"));
        var seen = new WatchRecorder();
        watching.watch(ORDERS, seen);
        seen.next(Added.class);

        etcd.only().kill();
        etcd.only().forget();
        etcd.start(etcd.only());

        etcd.awaitHealthy();
        var late = client(etcd);
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

        try (Client raw = raw(etcd)) {
            long lease = raw.getKVClient()
                    .get(bytes("/outage/instances/shop.Orders/orders-1"))
                    .get()
                    .getKvs()
                    .getFirst()
                    .getLease();
            raw.getLeaseClient().revoke(lease).get();
        }

        assertThat(seen.next(Removed.class).reason()).isEqualTo("lease expired");
        seen.next(Added.class);
    }

    @Test
    void a_watch_that_compaction_overtook_reads_the_set_anew() throws Exception {
        var etcd = closing(Etcd.start(1));
        var engine = closing(new EtcdEngine(
                EtcdAddress.parse(Etcd.provided(etcd.address("outage"))), Etcd.surroundings(HASTY, Events.NONE)));
        Client raw = closing(raw(etcd));
        raw.getKVClient()
                .put(bytes("/outage/instances/shop.Orders/a"), bytes("1"))
                .get();
        var told = new LinkedBlockingQueue<String>();

        closing(engine.follow(ORDERS, new Engine.Follower() {
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

        assertThat(told.poll(20, TimeUnit.SECONDS)).isEqualTo("complete {a=1}");
        assertThat(told.poll(20, TimeUnit.SECONDS)).isEqualTo("complete {b=2}");
        raw.getKVClient()
                .put(bytes("/outage/instances/shop.Orders/b"), bytes("3"))
                .get();
        assertThat(told.poll(20, TimeUnit.SECONDS)).isEqualTo("changed b=3");
    }

    /** A process that holds these and does not renew them. */
    private EtcdEngine dying(Etcd etcd, int instances) throws InterruptedException {
        var surroundings = Etcd.surroundings(HASTY, Events.NONE);
        var engine = closing(new EtcdEngine(EtcdAddress.parse(Etcd.provided(etcd.address("outage"))), surroundings));
        for (int i = 0; i < instances; i++) {
            String value = surroundings.format().write(RegistryProtocol.Instance.of(instance("o-" + i)));
            engine.hold(new Engine.Holding("o-" + i, ORDERS, "owner", value));
        }
        return engine;
    }

    @Test
    void a_process_that_dies_leaves_when_its_lease_ends() throws InterruptedException {
        var etcd = closing(Etcd.start(1));
        var seen = new WatchRecorder();
        client(etcd).watch(ORDERS, seen);

        dying(etcd, 1);

        seen.next(Added.class);
        assertThat(seen.next(Removed.class).reason()).isEqualTo("lease expired");
    }

    @Test
    void many_that_leave_at_once_are_kept_as_stale() throws InterruptedException {
        var etcd = closing(Etcd.start(1));
        var seen = new WatchRecorder();
        client(etcd).watch(ORDERS, seen);

        dying(etcd, 10);

        seen.until(view -> view.size() == 10);
        var left = seen.until(view -> view.values().stream()
                        .filter(each -> each.health().details().containsKey("stale"))
                        .count()
                == 9);
        assertThat(left).as("15 % of them, which is one").hasSize(9);
        var back = client(etcd).register(instance("o-5"));
        seen.until(view -> view.get("o-5") != null && view.get("o-5").health().status() == Status.PASSING);
        back.close();
    }

    /** A service that says which process answered. */
    @Contract(name = "test.Names", version = "1.0.0")
    public interface Names {
        /** Not idempotent, so that a lost answer is a failed call. */
        String name();
    }

    @Test
    void calls_go_on_while_a_cluster_loses_its_leader_and_instances_come_and_go() throws InterruptedException {
        var etcd = closing(Etcd.start(3));
        var settings = Settings.DEFAULTS.withRegistry(Etcd.provided(etcd.address("calls")));
        var first = Treaty.open(settings);
        first.serve(Names.class, () -> "first");
        Treaty second = closing(Treaty.open(settings));
        second.serve(Names.class, () -> "second");
        var names = closing(Treaty.open(settings)).client(Names.class);
        await(() -> names.name().equals("first"));
        await(() -> names.name().equals("second"));
        var answered = new ConcurrentHashMap<String, Integer>();
        var failures = new ConcurrentLinkedQueue<Exception>();
        var over = new AtomicBoolean();
        var calls = new AtomicInteger();
        var calling = Thread.ofVirtual().start(() -> {
            while (!over.get()) {
                try {
                    answered.merge(names.name(), 1, Integer::sum);
                } catch (ServiceException e) {
                    failures.add(e);
                }
                calls.incrementAndGet();
                LockSupport.parkNanos(1_000_000);
            }
        });

        var leader = etcd.leader();
        leader.kill();
        Treaty third = closing(Treaty.open(settings));
        third.serve(Names.class, () -> "third");
        await(() -> answered.containsKey("third"));
        first.close();
        answered.clear();
        await(() -> answered.containsKey("second") && answered.containsKey("third"));
        etcd.start(leader);
        etcd.awaitHealthy();

        over.set(true);
        calling.join();
        assertThat(failures).as("failures of " + calls + " calls").isEmpty();
        assertThat(answered).doesNotContainKey("first");
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
