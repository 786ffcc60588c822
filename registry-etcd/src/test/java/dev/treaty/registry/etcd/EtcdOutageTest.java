package dev.treaty.registry.etcd;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.Treaty;
import dev.treaty.core.discovery.DiscoveryEvent.Added;
import dev.treaty.core.discovery.DiscoveryEvent.Removed;
import dev.treaty.core.discovery.Registry;
import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.core.event.Events;
import dev.treaty.registry.RegistryAddress;
import dev.treaty.registry.RegistryPolicy;
import dev.treaty.registry.RegistryProtocol;
import dev.treaty.registry.spi.Backend;
import dev.treaty.simulation.OngoingCalls;
import dev.treaty.simulation.OutageConformance;
import dev.treaty.simulation.Polling;
import dev.treaty.simulation.WatchRecorder;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Outages of etcd: the conformance suite, and what only happens in etcd. */
class EtcdOutageTest extends OutageConformance {
    private static final String PREFIX = "/outage/instances/shop.Orders/";

    private static final RegistryPolicy SHORT = policy(Duration.ofSeconds(3), Duration.ofSeconds(20));

    private final Etcd etcd = Etcd.start(1);

    @AfterEach
    void stopEtcd() {
        etcd.close();
    }

    @Override
    protected RegistryAddress address() {
        return Etcd.provided(etcd.address("outage"));
    }

    @Override
    protected Registry open(RegistryPolicy policy) {
        return Etcd.open(etcd.address("outage"), policy, Events.NONE);
    }

    @Override
    protected void stop() {
        etcd.only().kill();
    }

    @Override
    protected void restart() {
        etcd.start(etcd.only());
        etcd.awaitHealthy();
    }

    @Override
    protected void restartEmpty() {
        etcd.only().kill();
        etcd.only().deleteData();
        restart();
    }

    @Override
    protected void takeSnapshot() {
        stop();
        etcd.only().copyData("data", "snapshot");
        restart();
    }

    @Override
    protected void restoreSnapshot() {
        stop();
        etcd.only().deleteData();
        etcd.only().copyData("snapshot", "data");
        restart();
    }

    @Override
    protected RegistryPolicy shortLease() {
        return SHORT;
    }

    @Override
    protected void endLease(Registry owner, String id) throws Exception {
        try (Client etcdClient = etcd.client()) {
            long lease = etcdClient
                    .getKVClient()
                    .get(bytes(PREFIX + id))
                    .get()
                    .getKvs()
                    .getFirst()
                    .getLease();
            etcdClient.getLeaseClient().revoke(lease).get();
        }
    }

    @Test
    void an_instance_that_others_delete_is_registered_again() throws Exception {
        client(SHORT).register(instance("orders-1"));
        var watcher = watch(client(SHORT));

        try (Client etcdClient = etcd.client()) {
            etcdClient.getKVClient().delete(bytes(PREFIX + "orders-1")).get();
        }

        watcher.next(Removed.class);
        assertThat(watcher.next(Added.class).instance().id()).isEqualTo("orders-1");
    }

    /** Returns the next call of the follower, without failures and repetitions. */
    private static String next(BlockingQueue<String> calls, String before) throws InterruptedException {
        String next;
        do {
            next = calls.poll(60, TimeUnit.SECONDS);
        } while (next != null && (next.startsWith("failed") || next.equals(before)));
        return next;
    }

    @Test
    void a_watch_whose_revision_was_compacted_reads_the_set_again() throws Exception {
        var backend = closing(new EtcdBackend(Etcd.provided(etcd.address("outage")), Etcd.context(SHORT, Events.NONE)));
        Client etcdClient = closing(etcd.client());
        etcdClient.getKVClient().put(bytes(PREFIX + "a"), bytes("1")).get();
        var calls = new LinkedBlockingQueue<String>();

        closing(backend.follow(ORDERS, new Backend.Follower() {
            private boolean compacted;

            @Override
            public void complete(Map<String, String> instances) {
                calls.add("complete " + new TreeMap<>(instances));
                if (!compacted) { // after the set has been read, and before the watch begins
                    compacted = true;
                    try {
                        etcdClient.getKVClient().delete(bytes(PREFIX + "a")).get();
                        var last = etcdClient.getKVClient().put(bytes(PREFIX + "b"), bytes("2"));
                        etcdClient
                                .getKVClient()
                                .compact(last.get().getHeader().getRevision())
                                .get();
                    } catch (ExecutionException | InterruptedException e) {
                        throw new AssertionError(e);
                    }
                }
            }

            @Override
            public void changed(String id, String value) {
                calls.add("changed " + id + "=" + value);
            }

            @Override
            public void removed(String id, String reason) {
                calls.add("removed " + id);
            }

            @Override
            public void failed(String why) {
                calls.add("failed " + why);
            }
        }));

        assertThat(next(calls, "")).isEqualTo("complete {a=1}");
        assertThat(next(calls, "complete {a=1}")).isEqualTo("complete {b=2}");
        etcdClient.getKVClient().put(bytes(PREFIX + "b"), bytes("3")).get();
        assertThat(next(calls, "complete {b=2}")).isEqualTo("changed b=3");
    }

    /** Holds instances without renewing their lease, as a process that has crashed. */
    private void holdWithoutRenewal(int instances, RegistryPolicy policy) throws InterruptedException {
        var context = Etcd.context(policy, Events.NONE);
        var backend = closing(new EtcdBackend(Etcd.provided(etcd.address("outage")), context));
        for (int i = 0; i < instances; i++) {
            String value = context.format().write(RegistryProtocol.Instance.of(instance("o-" + i)));
            var holding = new Backend.Holding("o-" + i, ORDERS, "owner");
            assertThat(Polling.result(() -> hold(backend, holding, value))).isEmpty();
        }
    }

    private static Optional<Backend.Holding> hold(EtcdBackend backend, Backend.Holding holding, String value) {
        try {
            return backend.hold(holding, _ -> value);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void an_instance_of_a_crashed_process_is_removed_when_its_lease_expires() throws Exception {
        var watcher = new WatchRecorder();
        client(SHORT).watch(ORDERS, watcher);

        holdWithoutRenewal(1, SHORT);

        watcher.next(Added.class);
        assertThat(watcher.next(Removed.class).reason()).isEqualTo("lease expired");
    }

    @Test
    void many_instances_that_expire_at_once_are_kept_as_stale() throws Exception {
        var watcher = new WatchRecorder();
        var watching = client(SHORT);
        watching.watch(ORDERS, watcher);

        holdWithoutRenewal(10, LASTING);

        watcher.until(view -> view.size() == 10);
        endLease(watching, "o-0"); // the lease of all instances
        var left = watcher.until(view -> view.values().stream()
                        .filter(each -> each.health().details().containsKey("stale"))
                        .count()
                == 9);
        assertThat(left).as("all but 15 %, which is one").hasSize(9);
        var back = client(SHORT).register(instance("o-5"));
        watcher.until(
                view -> view.get("o-5") != null && view.get("o-5").health().status() == Status.PASSING);
        back.close();
    }

    @Test
    void views_are_equal_after_a_cluster_has_lost_its_leader_R10() throws Exception {
        var cluster = closing(Etcd.start(3));
        var leader = cluster.leader();
        assertConverges(
                () -> Etcd.open(cluster.address("leader"), LASTING, Events.NONE),
                _ -> leader.kill(),
                _ -> cluster.start(leader));
    }

    @Test
    void views_are_equal_after_compaction_during_an_outage_R10() throws Exception {
        assertConverges(() -> open(LASTING), _ -> stop(), _ -> {
            restart();
            try (Client etcdClient = etcd.client()) {
                long revision = 0;
                for (int i = 0; i < 10; i++) {
                    revision = etcdClient
                            .getKVClient()
                            .put(bytes("/other"), bytes("" + i))
                            .get()
                            .getHeader()
                            .getRevision();
                }
                etcdClient.getKVClient().compact(revision).get();
            }
        });
    }

    @Test
    void calls_continue_while_a_cluster_loses_its_leader_and_instances_come_and_go() throws InterruptedException {
        var cluster = closing(Etcd.start(3));
        var settings = OngoingCalls.settings(Etcd.provided(cluster.address("calls")));
        var first = OngoingCalls.serving(settings, "first");
        closing(OngoingCalls.serving(settings, "second"));
        var calls = new OngoingCalls(closing(Treaty.open(settings)));
        Polling.until(() -> calls.answers("first"));
        Polling.until(() -> calls.answers("second"));
        calls.begin();

        var leader = cluster.leader();
        leader.kill();
        closing(OngoingCalls.serving(settings, "third"));
        Polling.until(() -> calls.answered().contains("third"));
        first.close();
        calls.forget();
        Polling.until(() -> calls.answered().containsAll(Set.of("second", "third")));
        cluster.start(leader);
        cluster.awaitHealthy();

        calls.end();
        assertThat(calls.failures())
                .as("failures of " + calls.made() + " calls")
                .isEmpty();
        assertThat(calls.answered()).doesNotContain("first");
    }

    private static ByteSequence bytes(String text) {
        return ByteSequence.from(text, UTF_8);
    }
}
