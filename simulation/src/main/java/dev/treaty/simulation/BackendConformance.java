package dev.treaty.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.treaty.core.discovery.DiscoveryEvent.Added;
import dev.treaty.core.discovery.DiscoveryEvent.Removed;
import dev.treaty.core.discovery.Registry;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.registry.RegistryPolicy;
import dev.treaty.registry.SelfPreservationPolicy;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
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
    public static final RegistryPolicy PATIENT = new RegistryPolicy(
            Duration.ofSeconds(10),
            Duration.ofSeconds(20),
            Duration.ofMillis(100),
            Duration.ofSeconds(2),
            Duration.ofSeconds(20),
            SelfPreservationPolicy.STANDARD);

    /** A policy with a lease that is renewed often. */
    private static final RegistryPolicy SHORT = new RegistryPolicy(
            Duration.ofSeconds(4),
            Duration.ofSeconds(20),
            Duration.ofMillis(100),
            Duration.ofSeconds(2),
            Duration.ofSeconds(20),
            SelfPreservationPolicy.STANDARD);

    private static final Duration WAIT_MAX = Duration.ofSeconds(30);
    private static final Duration ONE_SECOND = Duration.ofSeconds(1);

    /** Opens another client of the registry of this test, with a policy. */
    protected abstract Registry open(RegistryPolicy policy);

    @Override
    protected final Registry open() {
        return open(PATIENT);
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
        var watcher = new WatchRecorder();
        watching.watch(ORDERS, watcher);
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
        var watching = open(policy);
        closing(watching);
        var watcher = new WatchRecorder();
        watching.watch(ORDERS, watcher);
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
        var watching = open(policy);
        closing(watching);
        var watcher = new WatchRecorder();
        watching.watch(ORDERS, watcher);
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
        var owner = open(SHORT);
        closing(owner);
        var watching = client();
        var watcher = new WatchRecorder();
        watching.watch(ORDERS, watcher);
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
}
