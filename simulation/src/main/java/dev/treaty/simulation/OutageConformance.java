package dev.treaty.simulation;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.treaty.Treaty;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.DiscoveryEvent.Added;
import dev.treaty.core.discovery.DiscoveryEvent.Removed;
import dev.treaty.core.discovery.Registry;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.discovery.ServiceRegistry.Registration;
import dev.treaty.core.discovery.SettingsStore.Stored;
import dev.treaty.registry.RegistryAddress;
import dev.treaty.registry.RegistryPolicy;
import dev.treaty.registry.SelfPreservationPolicy;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * The tests of what clients see while the server or the backend of a registry is down, restarts, or loses its data. The
 * test class of a registry extends this one and starts and stops what it runs on; each test begins while it is up. The
 * tests run side by side if JUnit may do so, since they mostly wait: each has a server of its own.
 */
@Execution(ExecutionMode.CONCURRENT)
public abstract class OutageConformance {
    /** The service of the tests. */
    protected static final ServiceName ORDERS = RegistryConformance.ORDERS;

    /** Leases long enough not to expire during an outage, even on a busy machine. */
    protected static final RegistryPolicy LASTING = policy(Duration.ofSeconds(15), Duration.ofSeconds(30));

    private static final Instant STARTED = Instant.parse("2026-01-01T00:00:00Z");

    private static final Duration WAIT_MAX = Duration.ofSeconds(30);

    private final List<AutoCloseable> opened = new ArrayList<>();

    /** For the tests of a registry. */
    protected OutageConformance() {}

    /** Returns a policy with a lease and a grace period, and with short pauses. */
    protected static RegistryPolicy policy(Duration lease, Duration grace) {
        return new RegistryPolicy(
                lease,
                Duration.ofSeconds(3),
                Duration.ofMillis(100),
                Duration.ofSeconds(1),
                grace,
                SelfPreservationPolicy.STANDARD);
    }

    /** Opens a client of the registry. */
    protected abstract Registry open(RegistryPolicy policy) throws Exception;

    /** Returns the address that processes use. */
    protected abstract RegistryAddress address();

    /** Stops the server, as a crash does. */
    protected abstract void stop() throws Exception;

    /** Starts the server again, with its data if it stores any. */
    protected abstract void restart() throws Exception;

    /** Stops the server, if it runs, and starts another without data at the same address. */
    protected abstract void restartEmpty() throws Exception;

    /** Keeps the data of the server for {@link #restoreSnapshot}; it may restart for that. */
    protected abstract void takeSnapshot() throws Exception;

    /** Restarts the server with the data that it had at the snapshot, or empty if it stores none. */
    protected abstract void restoreSnapshot() throws Exception;

    /** Ends the lease of an instance as if it had expired, while its owner is running. */
    protected abstract void endLease(Registry owner, String id) throws Exception;

    /** Returns a policy with the shortest lease that the registry grants. */
    protected abstract RegistryPolicy shortLease();

    /** Returns the policy of clients whose server loses its data. */
    protected RegistryPolicy forEmptyRestart() {
        return LASTING;
    }

    /** Closes a resource at the end of the test. */
    protected final <T extends AutoCloseable> T closing(T resource) {
        opened.addFirst(resource);
        return resource;
    }

    /** Opens a client that is closed at the end of the test. */
    protected final Registry client(RegistryPolicy policy) throws Exception {
        return closing(open(policy));
    }

    @AfterEach
    final void closeAll() throws Exception {
        for (AutoCloseable each : opened) {
            each.close();
        }
    }

    /** Returns a healthy instance. */
    protected static ServiceInstance instance(String id) {
        return RegistryConformance.instance(ORDERS, id);
    }

    /** Watches until the first instance appears. */
    protected static WatchRecorder watch(Registry registry) {
        var watcher = new WatchRecorder();
        registry.watch(ORDERS, watcher);
        watcher.next(Added.class);
        return watcher;
    }

    @Test
    void known_instances_remain_during_an_outage_and_changes_arrive_after_it() throws Exception {
        var owner = client(LASTING);
        var watching = client(LASTING);
        var registration = owner.register(instance("orders-1"));
        owner.instances(RegistryConformance.STOCK); // so that it watches, and detects the outage at once
        var watcher = watch(watching);

        stop();
        Polling.until(() -> watching.problem().isPresent() && owner.problem().isPresent());
        owner.register(instance("orders-2"));
        registration.report(ServiceHealth.of(Status.WARNING, STARTED));
        assertThat(watching.instances(ORDERS)).hasSize(1);
        assertThat(watching.problem().orElseThrow()).contains(address().toString(), "cannot be reached");
        restart();

        var view = watcher.until(v -> v.size() == 2
                && v.values().stream().anyMatch(each -> each.health().status() == Status.WARNING));
        assertThat(view).containsOnlyKeys("orders-1", "orders-2");
        assertThat(watcher.smallest()).as("the smallest set after a removal").isEqualTo(Integer.MAX_VALUE);
        Polling.until(() -> watching.problem().isEmpty() && owner.problem().isEmpty());
    }

    /** Begins or ends a disruption of a registry, in which an instance is registered. */
    protected interface Disruption {
        void accept(Registration registered) throws Exception;
    }

    /**
     * Checks that the views of all watchers become equal to the registry's after a disruption, with no other step, and
     * that drains are acknowledged.
     *
     * @param clients opens a client of the registry that is disrupted
     * @param begin begins the disruption, with a registration that drains afterwards, while others change and end
     * @param end ends the disruption
     * @return the smallest set that a watcher had after a removal: 3 if nothing was removed but what was closed
     */
    protected final int assertConverges(Callable<Registry> clients, Disruption begin, Disruption end) throws Exception {
        var kept = closing(clients.call()).register(instance("kept"));
        var owner = closing(clients.call());
        var other = closing(clients.call());
        var changed = owner.register(instance("changed"));
        var drained = owner.register(instance("drained"));
        var closed = owner.register(instance("closed"));
        var watching = List.of(closing(clients.call()), closing(clients.call()));
        var watchers = watching.stream().map(OutageConformance::watch).toList();
        for (WatchRecorder each : watchers) {
            each.until(view -> view.size() == 4);
        }

        begin.accept(drained);
        closed.close();
        changed.report(ServiceHealth.of(Status.WARNING, STARTED.plusSeconds(1)));
        changed.update(instance("changed").withMetadata(Map.of("commit", "f01")).withWeight(7));
        drained.drain();
        other.register(instance("new"));
        end.accept(drained);

        Polling.until(() -> acknowledged(drained));
        Polling.until(() -> isChanged(byId(other.lookup(ORDERS))));
        assertThat(Polling.result(() -> other.drain(kept.instance(), true, WAIT_MAX)))
                .isTrue();
        var late = closing(clients.call());
        assertEqualViews(
                late, watching, watchers, view -> isChanged(view) && WatchRecorder.has(view, "kept", Status.DRAINING));
        assertThat(other.drain(kept.instance(), false, WAIT_MAX)).isTrue();
        changed.close();
        assertEqualViews(
                late,
                watching,
                watchers,
                view -> view.equals(
                        Map.of("drained", drained.instance(), "kept", kept.instance(), "new", instance("new"))));
        return watchers.stream().mapToInt(WatchRecorder::smallest).min().orElseThrow();
    }

    /** Returns false if the registry cannot be asked yet whether a drain is acknowledged; once it can, it has to be. */
    private static boolean acknowledged(Registration drained) {
        long began = System.nanoTime();
        boolean acknowledged = drained.acknowledged(WAIT_MAX);
        if (!acknowledged) {
            assertThat(System.nanoTime() - began)
                    .as("nanoseconds in which a drain was not acknowledged")
                    .isLessThan(WAIT_MAX.toNanos());
        }
        return acknowledged;
    }

    /** Whether a view has what is changed during a disruption. */
    private static boolean isChanged(Map<String, ServiceInstance> view) {
        return view.keySet().equals(Set.of("changed", "drained", "kept", "new"))
                && WatchRecorder.has(view, "changed", Status.WARNING)
                && requireNonNull(view.get("changed")).weight() == 7
                && requireNonNull(view.get("changed")).metadata().equals(Map.of("commit", "f01"))
                && WatchRecorder.has(view, "drained", Status.DRAINING)
                && requireNonNull(view.get("new")).equals(instance("new"));
    }

    private static void assertEqualViews(
            Registry late,
            List<Registry> watching,
            List<WatchRecorder> watchers,
            Predicate<Map<String, ServiceInstance>> expected) {
        for (WatchRecorder each : watchers) {
            var view = each.until(expected);
            Polling.until(() -> byId(late.lookup(ORDERS)).equals(view));
            Polling.until(() -> byId(late.instances(ORDERS)).equals(view));
        }
        for (Registry each : watching) {
            assertThat(each.instances(ORDERS)).isEqualTo(late.instances(ORDERS));
        }
    }

    private static Map<String, ServiceInstance> byId(List<ServiceInstance> instances) {
        return instances.stream().collect(Collectors.toMap(ServiceInstance::id, each -> each));
    }

    @Test
    void views_are_equal_and_drains_are_acknowledged_after_a_restart_R10() throws Exception {
        int smallest = assertConverges(() -> open(LASTING), _ -> stop(), drained -> {
            assertThat(drained.acknowledged(Duration.ofMillis(100))).isFalse();
            restart();
        });
        assertThat(smallest).isEqualTo(3);
    }

    @Test
    void views_are_equal_after_the_registry_lost_its_data_and_nothing_was_removed_R10() throws Exception {
        assertThat(assertConverges(() -> open(forEmptyRestart()), _ -> restartEmpty(), _ -> {}))
                .isEqualTo(3);
    }

    @Test
    void views_are_equal_after_the_registry_is_restored_from_a_snapshot_R1() throws Exception {
        assertConverges(() -> open(forEmptyRestart()), _ -> takeSnapshot(), _ -> {
            var seeing = client(LASTING);
            Polling.until(() -> isChanged(byId(seeing.lookup(ORDERS))));
            restoreSnapshot();
        });
    }

    @Test
    void an_instance_whose_lease_has_expired_is_registered_again() throws Exception {
        var owner = client(shortLease());
        owner.register(instance("orders-1"));
        var watcher = watch(client(LASTING));

        endLease(owner, "orders-1");

        assertThat(watcher.next(Removed.class).reason()).isEqualTo("lease expired");
        assertThat(watcher.next(Added.class).instance()).isEqualTo(instance("orders-1"));
    }

    @Test
    void views_are_equal_after_a_lease_has_ended_R10() throws Exception {
        var clients = new ArrayList<Registry>();
        assertConverges(
                () -> {
                    clients.add(open(shortLease()));
                    return clients.getLast();
                },
                _ -> {},
                _ -> endLease(clients.getFirst(), "kept"));
    }

    @Test
    void calls_continue_while_the_registry_restarts_and_instances_come_and_go() throws Exception {
        var settings = OngoingCalls.settings(address());
        var first = OngoingCalls.serving(settings, "first");
        closing(OngoingCalls.serving(settings, "second"));
        var calls = new OngoingCalls(closing(Treaty.open(settings)));
        Polling.until(() -> calls.answers("first"));
        Polling.until(() -> calls.answers("second"));
        calls.begin();

        stop();
        calls.forget();
        Polling.until(() -> calls.answered().size() == 2);
        restart();
        closing(OngoingCalls.serving(settings, "third"));
        Polling.until(() -> calls.answered().contains("third"));
        first.close();
        calls.forget();
        Polling.until(() -> calls.answered().size() == 2);

        calls.end();
        assertThat(calls.failures())
                .as("failures of " + calls.made() + " calls")
                .isEmpty();
        assertThat(calls.answered()).containsOnly("second", "third");
    }

    /** Opens clients that watch the central settings. */
    private List<SettingsRecorder> settingsWatchers() throws Exception {
        return List.of(
                SettingsRecorder.watch(client(LASTING).settings()),
                SettingsRecorder.watch(client(LASTING).settings()));
    }

    /** Replaces the central settings once they can be read, whatever they are. */
    private static Stored replaceSettings(Registry registry, String text) {
        return Polling.result(() -> {
            Stored before = registry.settings().read();
            assertThat(registry.settings().replace(before.number(), text)).isTrue();
            return new Stored(before.number() + 1, text);
        });
    }

    private static void assertHeld(Registry registry, List<SettingsRecorder> watchers) {
        Stored held = Polling.result(registry.settings()::read);
        watchers.forEach(each -> each.until(held));
    }

    @Test
    void known_central_settings_remain_during_an_outage_and_later_ones_arrive_after_it() throws Exception {
        var writing = client(LASTING);
        var first = replaceSettings(writing, "first");
        var watching = client(LASTING);
        var watcher = SettingsRecorder.watch(watching.settings());
        assertThat(watcher.received()).containsExactly(first);

        stop();
        Polling.until(() -> watching.problem().isPresent());
        assertThatThrownBy(() -> writing.settings().replace(1, "lost")).isInstanceOf(ServiceException.class);
        assertThatThrownBy(() -> writing.settings().read()).isInstanceOf(ServiceException.class);
        var late = SettingsRecorder.watch(client(LASTING).settings());
        assertThat(late.received())
                .as("the settings of a registry that is down")
                .isEmpty();
        assertThat(watcher.received()).containsExactly(first);
        restart();

        var last = replaceSettings(writing, "last");
        watcher.until(last);
        late.until(last);
        Polling.until(() -> watching.problem().isEmpty());
    }

    @Test
    void watchers_hold_what_a_registry_holds_that_has_restarted_with_or_without_data() throws Exception {
        var writing = client(forEmptyRestart());
        replaceSettings(writing, "first");
        var watchers = settingsWatchers();

        stop();
        restart();
        assertHeld(client(LASTING), watchers);
        replaceSettings(writing, "second");
        assertHeld(client(LASTING), watchers);

        restartEmpty();
        watchers.forEach(each -> each.until(Stored.NONE));
        replaceSettings(writing, "third");
        assertHeld(client(LASTING), watchers);
    }

    @Test
    void watchers_hold_what_a_registry_holds_that_was_restored_although_the_number_is_the_same() throws Exception {
        var writing = client(forEmptyRestart());
        replaceSettings(writing, "first");
        takeSnapshot();
        var watchers = settingsWatchers();
        var lost = replaceSettings(writing, "lost");
        watchers.forEach(each -> each.until(lost));

        restoreSnapshot();
        Stored kept;
        do {
            kept = replaceSettings(client(LASTING), "kept");
        } while (kept.number() < lost.number());

        assertThat(kept.number()).isEqualTo(lost.number());
        for (SettingsRecorder each : watchers) {
            each.until(kept);
        }
    }
}
