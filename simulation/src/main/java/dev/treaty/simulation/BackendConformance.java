package dev.treaty.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.discovery.DiscoveryEvent.Added;
import dev.treaty.core.discovery.DiscoveryEvent.Removed;
import dev.treaty.core.discovery.Registry;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.discovery.SettingsStore.Stored;
import dev.treaty.core.event.Event;
import dev.treaty.core.event.Events;
import dev.treaty.core.text.PrintableText;
import dev.treaty.registry.RegistryPolicy;
import dev.treaty.registry.SelfPreservationPolicy;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/**
 * The tests that every registry over a backend passes: {@link RegistryConformance}, and errors for what a store cannot
 * do.
 */
public abstract class BackendConformance extends RegistryConformance {
    /** A policy for a machine that is busy with other tests. */
    public static final RegistryPolicy PATIENT = policy(Duration.ofSeconds(10));

    /** A policy with a lease that is renewed often. */
    private static final RegistryPolicy SHORT = policy(Duration.ofSeconds(4));

    /** An instance as other programs may write it. */
    private static final String VALUE = """
        {"id":"%s","service":"shop.Orders","version":"1.0.0","host":"127.0.0.1","port":8080,\
        "health":{"status":"PASSING","timestamp":"2026-01-01T00:00:00Z"},"startedAt":"2026-01-01T00:00:00Z"}\
        """;

    private static final Duration WAIT_MAX = Duration.ofSeconds(30);
    private static final Duration ONE_SECOND = Duration.ofSeconds(1);

    private static RegistryPolicy policy(Duration lease) {
        return new RegistryPolicy(
                lease,
                Duration.ofSeconds(20),
                Duration.ofMillis(100),
                Duration.ofSeconds(2),
                Duration.ofSeconds(20),
                SelfPreservationPolicy.STANDARD);
    }

    /** Opens another client of the registry of this test, with a policy. */
    protected abstract Registry open(RegistryPolicy policy, Events events);

    /** Writes a value as another program does, at a path below the root of the registry. */
    protected abstract void write(String path, String value) throws Exception;

    private Registry open(RegistryPolicy policy) {
        return open(policy, Events.NONE);
    }

    @Override
    protected final Registry open() {
        return open(PATIENT);
    }

    @Test
    void a_value_that_cannot_be_read_is_left_out_and_reported_once_until_it_can_R5() throws Exception {
        var problems = new CopyOnWriteArrayList<Event.RegistryChanged>();
        var watching = closing(open(PATIENT, event -> {
            if (event instanceof Event.RegistryChanged changed) {
                problems.add(changed);
            }
        }));
        var watcher = watch(watching, ORDERS);
        var owner = client();
        owner.register(instance(ORDERS, "orders-1"));
        watcher.next(Added.class);

        write("instances/shop.Orders/damaged", "{ password=hunter2\u001b[31m");
        write("instances/shop.Orders/newer", "{\"id\":{\"form\":2}}");
        write("instances/shop.Orders/renamed", VALUE.formatted("another"));
        Polling.until(() -> problems.size() == 3);
        write("instances/shop.Orders/damaged", "password=hunter3");
        owner.register(instance(ORDERS, "orders-2"));
        assertThat(watcher.until(view -> view.size() == 2)).containsOnlyKeys("orders-1", "orders-2");
        assertThat(Polling.result(() -> watching.lookup(ORDERS))).isEqualTo(watching.instances(ORDERS));
        assertThat(watching.problem(ORDERS).orElseThrow()).contains("damaged", "cannot be read");
        assertThat(watching.problem()).isPresent();
        assertThat(problems)
                .hasSize(3)
                .allMatch(Event.RegistryChanged::problem)
                .extracting(Event.RegistryChanged::message)
                .allMatch(text -> PrintableText.isPrintable(text) && !text.contains("hunter"));

        for (String id : List.of("damaged", "newer", "renamed")) {
            write("instances/shop.Orders/" + id, VALUE.formatted(id));
        }
        watcher.until(view -> view.size() == 5);
        Polling.until(() -> watching.problem().isEmpty());
        write("instances/shop.Orders/newer", "");
        assertThat(watcher.until(view -> view.size() == 4)).doesNotContainKey("newer");
        assertThat(watcher.pending()).isEmpty();
        assertThat(Polling.result(() -> watching.lookup(ORDERS))).isEqualTo(watching.instances(ORDERS));
    }

    @Test
    void a_contract_or_a_name_that_cannot_be_read_is_left_out_and_reported_R5() throws Exception {
        var registry = client();
        registry.publish(ServiceContract.parse("contract shop.Orders 1.0.0\n"));
        write("contracts/shop.Orders/9.0.0", "contract of another kind");
        write("contracts/no service/1.0.0", "any");

        Polling.until(() -> registry.contracts(ORDERS).size() == 1);
        assertThat(registry.problem().orElseThrow()).contains("a contract of shop.Orders cannot be read");
        Polling.until(() -> registry.services().equals(Set.of(ORDERS)));
        write("contracts/shop.Orders/9.0.0", "contract shop.Orders 9.0.0\n");
        Polling.until(() -> registry.contracts(ORDERS).size() == 2);
        assertThat(registry.problem().orElseThrow()).contains("no service");
    }

    @Test
    void a_drain_is_acknowledged_when_every_watcher_has_processed_it_R10() {
        var owner = client();
        var processed = new AtomicInteger();
        for (int i = 0; i < 3; i++) {
            var watcher = new WatchRecorder();
            client().watch(ORDERS, event -> {
                watcher.accept(event);
                if (event.instance().health().status() == Status.DRAINING) {
                    processed.incrementAndGet();
                }
            });
            client().watch(STOCK, new WatchRecorder());
        }
        var registration = owner.register(instance(ORDERS, "orders-1"));
        registration.drain();

        assertThat(registration.acknowledged(WAIT_MAX)).isTrue();
        assertThat(processed).hasValue(3);
        assertThat(registration.acknowledged(WAIT_MAX)).as("a second time").isTrue();
        registration.close();
        assertThat(registration.acknowledged(Duration.ZERO)).as("after the end").isFalse();
    }

    @Test
    void a_drain_is_not_acknowledged_before_a_slow_watcher_may_have_processed_it_R10() throws InterruptedException {
        var seen = new CountDownLatch(1);
        var release = new CountDownLatch(1);
        client().watch(ORDERS, event -> {
            if (event.instance().health().status() == Status.DRAINING) {
                seen.countDown();
                try {
                    release.await(WAIT_MAX.toSeconds(), TimeUnit.SECONDS);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }
        });
        var registration = client().register(instance(ORDERS, "orders-1"));
        registration.drain();

        assertThat(registration.acknowledged(WAIT_MAX)).isTrue();
        assertThat(seen.getCount()).as("watchers that were not notified").isZero();
        release.countDown();
    }

    @Test
    void a_drain_waits_for_no_watcher_that_is_closed_R10() {
        var gone = open();
        gone.watch(ORDERS, new WatchRecorder());
        gone.close();
        var registration = client().register(instance(ORDERS, "orders-1"));
        registration.drain();

        assertThat(registration.acknowledged(WAIT_MAX)).isTrue();
    }

    @Test
    void an_operator_drains_an_instance_of_another_process_and_takes_it_back_R10() {
        var watching = client();
        var watcher = watch(watching, ORDERS);
        var registration = client().register(instance(ORDERS, "orders-1"));
        watcher.next(Added.class);
        var operator = client();

        assertThat(operator.drain(registration.instance(), true, WAIT_MAX)).isTrue();
        assertThat(watching.instances(ORDERS).getFirst().health().status()).isEqualTo(Status.DRAINING);
        assertThat(lookup(operator, Status.DRAINING)).hasSize(1);
        registration.report(ServiceHealth.of(Status.WARNING, STARTED));
        registration.report(ServiceHealth.of(Status.PASSING, STARTED));
        registration.update(instance(ORDERS, "orders-1").withWeight(7));
        var updated = watcher.until(view -> view.values().stream().allMatch(each -> each.weight() == 7));
        assertThat(WatchRecorder.has(updated, "orders-1", Status.DRAINING))
                .as("draining, whatever it reports")
                .isTrue();

        assertThat(operator.drain(registration.instance(), false, WAIT_MAX)).isTrue();
        watcher.until("orders-1", Status.PASSING);
        assertThat(lookup(operator, Status.PASSING)).hasSize(1);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> operator.drain(instance(ORDERS, "unknown"), true, Duration.ZERO))
                .withMessageContaining("unknown");
        registration.close();
        assertThat(watcher.next(Removed.class).reason()).isEqualTo("closed");
    }

    private static List<ServiceInstance> lookup(Registry registry, Status status) {
        return Polling.result(() -> registry.lookup(ORDERS, Set.of(status)));
    }

    @Test
    void an_instance_that_stays_critical_is_delisted_until_it_recovers_R10() {
        var policy = PATIENT.with(new SelfPreservationPolicy(1, Duration.ofMinutes(1), Optional.of(ONE_SECOND)));
        var watching = closing(open(policy));
        var watcher = watch(watching, ORDERS);
        var registration = client().register(instance(ORDERS, "orders-1"));
        client().register(instance(ORDERS, "orders-2"));
        watcher.until(view -> view.size() == 2);

        registration.report(health(Status.CRITICAL, "the disk is full"));

        watcher.until(view -> view.size() == 1);
        assertThat(watching.instances(ORDERS)).extracting(ServiceInstance::id).containsExactly("orders-2");
        registration.report(ServiceHealth.of(Status.PASSING, STARTED));
        watcher.until(view -> view.size() == 2);
    }

    @Test
    void not_all_instances_that_stay_critical_are_delisted_at_once_R10() {
        var policy = PATIENT.with(new SelfPreservationPolicy(0.15, Duration.ofMinutes(1), Optional.of(ONE_SECOND)));
        var watching = closing(open(policy));
        var watcher = watch(watching, ORDERS);
        var owner = client();
        for (int i = 0; i < 4; i++) {
            owner.register(instance(ORDERS, "o-" + i).withHealth(health(Status.CRITICAL, "the database is down")));
        }

        watcher.until(view -> view.size() == 4);
        assertThat(watcher.next(Removed.class).reason()).isEqualTo("critical for 1 s: the database is down");
        owner.register(instance(ORDERS, "another"));
        assertThat(watcher.until(view -> view.containsKey("another"))).hasSize(4);
    }

    @Test
    void renewals_cause_no_events_and_are_seen_R10() {
        var owner = closing(open(SHORT));
        var watching = client();
        var watcher = watch(watching, ORDERS);
        owner.register(instance(ORDERS, "orders-1"));
        watcher.next(Added.class);
        var first = Polling.result(() -> watching.renewals(ORDERS));

        assertThat(first).containsOnlyKeys("orders-1");
        first.values().stream()
                .flatMap(Optional::stream)
                .forEach(at -> Polling.until(() -> watching.renewals(ORDERS).values().stream()
                        .flatMap(Optional::stream)
                        .anyMatch(later -> later.isAfter(at.plusSeconds(1)))));
        assertThat(watcher.pending()).isEmpty();
        assertThat(Polling.result(() -> watching.renewals(STOCK))).isEmpty();
    }

    @Test
    void central_settings_that_another_program_has_damaged_are_reported_and_the_known_ones_remain() throws Exception {
        var registry = client();
        registry.settings().replace(0, "first");
        var watching = client();
        var watcher = SettingsRecorder.watch(watching.settings());

        write("settings/central", "{ not ours");
        Polling.until(() -> watching.problem().isPresent());
        assertThat(watching.problem().orElseThrow()).contains("another program has written the central settings");
        assertThatExceptionOfType(ServiceException.class)
                .isThrownBy(() -> registry.settings().read());
        assertThatExceptionOfType(ServiceException.class)
                .isThrownBy(() -> registry.settings().replace(1, "second"));
        assertThat(watcher.received()).containsExactly(new Stored(1, "first"));

        write("settings/central", "5\nrepaired\n");
        watcher.until(new Stored(5, "repaired\n"));
        assertThat(registry.settings().replace(5, "sixth")).isTrue();
        watcher.until(new Stored(6, "sixth"));
        Polling.until(() -> watching.problem().isEmpty());
    }
}
