package dev.treaty.simulation;

import static dev.treaty.simulation.RegistryConformance.ORDERS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.treaty.core.call.ServiceException;
import dev.treaty.core.discovery.DiscoveryEvent.Added;
import dev.treaty.core.discovery.DiscoveryEvent.Removed;
import dev.treaty.core.discovery.Registry;
import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.discovery.SettingsStore.Stored;
import dev.treaty.core.event.Events;
import dev.treaty.core.time.Time;
import dev.treaty.registry.JointRegistry;
import dev.treaty.registry.RegistryLimits;
import dev.treaty.registry.RegistryPolicy;
import dev.treaty.registry.SelfPreservationPolicy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Two registry servers joined by {@code +}, of which either dies. */
class JointOutageTest {
    private static final Duration LONG = Duration.ofSeconds(20);

    private static final RegistryLimits LIMITS = RegistryLimits.STANDARD;

    /** Leases that expire soon, so that a crashed process is gone soon. */
    private static final RegistryPolicy SHORT = new RegistryPolicy(
            Duration.ofSeconds(2),
            Duration.ofMillis(500),
            Duration.ofMillis(20),
            Duration.ofMillis(100),
            Duration.ofSeconds(20),
            SelfPreservationPolicy.STANDARD);

    private final List<RegistryHost> hosts =
            List.of(new RegistryHost(Time.system(), LIMITS).start(), new RegistryHost(Time.system(), LIMITS).start());

    private final List<AutoCloseable> opened = new ArrayList<>();

    @AfterEach
    void closeAll() throws Exception {
        for (AutoCloseable each : opened.reversed()) {
            each.close();
        }
        hosts.forEach(RegistryHost::close);
    }

    private <T extends AutoCloseable> T closing(T resource) {
        opened.add(resource);
        return resource;
    }

    /** A process whose connections to both registries can be cut. */
    private record Member(Registry registry, List<Cable> cables) {
        void crash() {
            cables.forEach(cable -> cable.cut.set(true));
        }
    }

    private Member process() {
        var cables = hosts.stream()
                .map(host -> new Cable(host.network.connect(RegistryHost.ENDPOINT)))
                .toList();
        var clients = new ArrayList<Registry>();
        for (int i = 0; i < hosts.size(); i++) {
            clients.add(hosts.get(i).client(cables.get(i), SHORT, Events.NONE));
        }
        return new Member(closing(new JointRegistry(clients, Optional.empty(), Time.system())), cables);
    }

    private static ServiceInstance instance(String id) {
        return RegistryConformance.instance(ORDERS, id);
    }

    /** Waits until a registry sees that one of its two is down. */
    private void lose(int lost, Registry... registries) {
        hosts.get(lost).crash();
        for (Registry registry : registries) {
            Polling.until(() -> registry.problem(ORDERS).isPresent());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void an_instance_that_dies_is_removed_although_one_registry_is_down_R2(int lost) {
        var dying = process();
        dying.registry.register(instance("dying"));
        var living = process();
        living.registry.register(instance("living"));
        var watching = process().registry;
        var watcher = new WatchRecorder();
        watching.watch(ORDERS, watcher);
        watcher.until(view -> view.size() == 2);

        lose(lost, watching);
        dying.crash();

        assertThat(watcher.next(Removed.class).instance().id()).isEqualTo("dying");
        assertThat(watching.instances(ORDERS)).extracting(ServiceInstance::id).containsExactly("living");
        assertThat(watching.lookup(ORDERS)).extracting(ServiceInstance::id).containsExactly("living");
        assertThat(watching.staleSince()).as("one registry can be reached").isEmpty();
        assertThat(watching.problem().orElseThrow()).contains("cannot be reached");

        hosts.get(lost).start();
        Polling.until(() -> watching.problem(ORDERS).isEmpty());
        living.registry.register(instance("new"));
        watcher.until(view -> view.size() == 2);
        assertThat(watcher.smallest())
                .as("the living one has never been missing")
                .isEqualTo(1);
        assertThat(watching.instances(ORDERS)).extracting(ServiceInstance::id).containsExactly("living", "new");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void instances_register_change_and_close_while_one_registry_is_down_R2(int lost) {
        var owner = process().registry;
        var watching = process().registry;
        var watcher = new WatchRecorder();
        watching.watch(ORDERS, watcher);
        var first = owner.register(instance("first"));
        watcher.until(view -> view.size() == 1);

        lose(lost, owner, watching);
        var second = owner.register(instance("second"));
        watcher.until(view -> view.size() == 2);
        second.update(instance("second").withWeight(7));
        watcher.until(view -> view.get("second").weight() == 7);
        first.close();
        assertThat(watcher.next(Removed.class).reason()).isEqualTo("closed");

        hosts.get(lost).start();
        Polling.until(() -> watching.problem(ORDERS).isEmpty());
        hosts.get(1 - lost).crash();
        Polling.until(() -> watching.staleSince().isEmpty()
                && watching.lookup(ORDERS).equals(List.of(instance("second").withWeight(7))));
        assertThat(watching.instances(ORDERS))
                .containsExactly(instance("second").withWeight(7));
        assertThat(watcher.pending()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void a_drain_is_acknowledged_when_the_joint_view_shows_it_although_one_registry_is_down_R2(int lost) {
        var owner = process().registry;
        var registration = owner.register(instance("orders-1"));
        var watching = process().registry;
        var watcher = new WatchRecorder();
        watching.watch(ORDERS, watcher);
        watcher.next(Added.class);

        lose(lost, owner, watching);
        registration.drain();

        assertThat(registration.acknowledged(LONG)).isTrue();
        assertThat(status(watching)).isEqualTo(Status.DRAINING);
        assertThat(watcher.pending()).as("the watcher has processed it").hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void an_operator_drains_although_one_registry_is_down_R2(int lost) {
        process().registry.register(instance("orders-1"));
        var watching = process().registry;
        var watcher = new WatchRecorder();
        watching.watch(ORDERS, watcher);
        watcher.next(Added.class);
        var operator = process().registry;
        lose(lost, watching);

        assertThat(operator.drain(instance("orders-1"), true, LONG)).isTrue();
        assertThat(status(watching)).isEqualTo(Status.DRAINING);
        assertThat(operator.lookup(ORDERS).getFirst().health().status()).isEqualTo(Status.DRAINING);
        assertThat(operator.drain(instance("orders-1"), false, LONG)).isTrue();
        watcher.until(view -> view.get("orders-1").health().status() == Status.PASSING);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void a_joint_watcher_that_is_slow_delays_the_acknowledgement_R2(int lost) throws InterruptedException {
        var owner = process().registry;
        var registration = owner.register(instance("orders-1"));
        var seen = new CountDownLatch(1);
        process().registry.watch(ORDERS, event -> {
            if (event.instance().health().status() == Status.DRAINING) {
                Thread.yield();
                seen.countDown();
            }
        });
        lose(lost, owner);

        registration.drain();

        assertThat(registration.acknowledged(LONG)).isTrue();
        assertThat(seen.getCount()).as("watchers that were not notified yet").isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void instances_of_a_lost_registry_alone_are_kept_R2(int lost) {
        var moving = closing(hosts.get(lost).client(SHORT, Events.NONE));
        moving.register(instance("has-not-moved"));
        var watching = process().registry;
        var watcher = new WatchRecorder();
        watching.watch(ORDERS, watcher);
        watcher.next(Added.class);

        lose(lost, watching);
        process().registry.register(instance("has-moved"));

        watcher.until(view -> view.size() == 2);
        assertThat(watcher.smallest()).isEqualTo(Integer.MAX_VALUE);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void nothing_is_claimed_while_both_registries_are_down_R2(int survivor) {
        var owner = process().registry;
        var registration = owner.register(instance("orders-1"));
        var watching = process().registry;
        assertThat(watching.instances(ORDERS)).hasSize(1);
        hosts.get(survivor).crash();
        lose(1 - survivor, owner, watching);
        Polling.until(() -> watching.staleSince().isPresent());

        registration.drain();

        assertThat(registration.acknowledged(Duration.ofMillis(200))).isFalse();
        assertThat(watching.instances(ORDERS)).hasSize(1);
        assertThatExceptionOfType(ServiceException.class).isThrownBy(() -> watching.lookup(ORDERS));
        assertThatExceptionOfType(ServiceException.class)
                .isThrownBy(() -> watching.drain(instance("orders-1"), true, Duration.ZERO));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void central_settings_that_change_while_one_registry_is_down_reach_it_when_it_returns(int lost) {
        var operator = process().registry;
        var watching = process().registry;
        var watcher = SettingsRecorder.watch(watching.settings());
        assertThat(operator.settings().replace(0, "first")).isTrue();
        watcher.until(new Stored(1, "first"));

        hosts.get(lost).crash();
        assertThat(operator.settings().replace(1, "second")).isTrue();
        watcher.until(new Stored(2, "second"));
        hosts.get(lost).start();

        var alone = closing(hosts.get(lost).client(SHORT, Events.NONE));
        Polling.until(() -> alone.settings().read().equals(new Stored(2, "second")));
        assertThat(operator.settings().read()).isEqualTo(new Stored(2, "second"));
        hosts.get(1 - lost).crash();
        Polling.until(() -> operator.settings().read().equals(new Stored(2, "second")));
        assertThat(watcher.received()).extracting(Stored::number).isSorted();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void the_next_change_of_central_settings_reaches_a_registry_that_was_down(int lost) {
        var operator = process().registry;
        hosts.get(lost).crash();
        assertThat(operator.settings().replace(0, "first")).isTrue();
        assertThat(operator.settings().replace(0, "unaware")).isFalse();
        hosts.get(lost).start();
        var alone = closing(hosts.get(lost).client(SHORT, Events.NONE));
        assertThat(Polling.result(() -> alone.settings().read())).isEqualTo(Stored.NONE);

        assertThat(Polling.result(() -> operator.settings().replace(1, "second")))
                .isTrue();

        assertThat(alone.settings().read()).isEqualTo(new Stored(2, "second"));
    }

    @Test
    void of_two_changes_that_were_decided_apart_the_one_of_the_first_registry_remains() {
        var clients = hosts.stream()
                .map(host -> closing(host.client(SHORT, Events.NONE)))
                .toList();
        assertThat(clients.get(0).settings().replace(0, "of the first")).isTrue();
        assertThat(clients.get(1).settings().replace(0, "of the second")).isTrue();

        var watcher = SettingsRecorder.watch(process().registry.settings());

        watcher.until(new Stored(1, "of the first"));
        Polling.until(() -> clients.get(1).settings().read().equals(new Stored(1, "of the first")));
    }

    @Test
    void central_settings_of_registries_that_are_all_down_can_be_neither_read_nor_replaced() {
        var operator = process().registry;
        assertThat(operator.settings().replace(0, "first")).isTrue();
        hosts.forEach(RegistryHost::crash);

        assertThatExceptionOfType(ServiceException.class)
                .isThrownBy(() -> operator.settings().read());
        assertThatExceptionOfType(ServiceException.class)
                .isThrownBy(() -> operator.settings().replace(1, "second"));
    }

    private static Status status(Registry registry) {
        return registry.instances(ORDERS).getFirst().health().status();
    }
}
