package dev.treaty.simulation;

import static dev.treaty.simulation.RegistryConformance.ORDERS;
import static dev.treaty.simulation.RegistryConformance.STOCK;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.treaty.core.discovery.DiscoveryEvent.Updated;
import dev.treaty.core.discovery.Registry;
import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.core.discovery.ServiceRegistry.Registration;
import dev.treaty.core.event.Events;
import dev.treaty.core.time.ManualTime;
import dev.treaty.core.time.Promise;
import dev.treaty.core.time.RandomSource;
import dev.treaty.core.time.Time;
import dev.treaty.registry.EmbeddedRegistry;
import dev.treaty.registry.RegistryLimits;
import dev.treaty.registry.RegistryPolicy;
import dev.treaty.registry.RegistryProtocol;
import dev.treaty.registry.server.RegistryTable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** When a draining instance is notified that its watchers have acknowledged. */
class AcknowledgedDrainTest {
    private static final Duration LONG = Duration.ofSeconds(20);
    /** The sleeping threads of a registry and of a client, and both ends of a waiting request. */
    private static final int WAITING = 3 + 2;

    private final RegistryHost host = new RegistryHost(Time.system(), RegistryLimits.STANDARD).start();

    /** The time of a host whose leases and timeouts do not expire. */
    private final ManualTime still = new ManualTime();

    private final RegistryHost timeless = new RegistryHost(still, RegistryLimits.STANDARD).start();

    private final List<Registry> opened = new ArrayList<>();

    @AfterEach
    void end() {
        opened.reversed().forEach(Registry::close);
        host.close();
        timeless.close();
    }

    private Registry client() {
        return client(host, BackendConformance.PATIENT);
    }

    private Registry client(RegistryHost of, RegistryPolicy policy) {
        var client = of.client(policy, Events.NONE);
        opened.add(client);
        return client;
    }

    private Registry embedded(Time time) {
        var registry = new EmbeddedRegistry(
                new RegistryTable(RegistryLimits.STANDARD, RandomSource.system()), time, Events.NONE);
        opened.add(registry);
        return registry;
    }

    /** Returns whether the drain is acknowledged; the manual time cannot end the wait. */
    private static boolean acknowledged(Registration registration) throws InterruptedException {
        var acknowledged = new Promise<Boolean>();
        Thread.ofVirtual().start(() -> acknowledged.complete(registration.acknowledged(Duration.ofHours(1))));
        Boolean answer = acknowledged.await(Time.system(), Polling.PATIENCE.toNanos());
        assertThat(answer).as("an answer").isNotNull();
        return answer;
    }

    /** Waits until a number of threads sleep; advances the time, because clients pause after an empty response. */
    private void awaitSleepers(int number) {
        Polling.until(() -> still.sleepers() == number, () -> still.advance(Duration.ofMillis(1)));
    }

    /**
     * Checks that all watchers have been notified when the drain is acknowledged.
     *
     * @param allWatching waits until all clients watch
     */
    private static void acknowledges(Registry owner, List<Registry> callers, Runnable allWatching)
            throws InterruptedException {
        var notified = new AtomicInteger();
        for (Registry caller : callers) {
            caller.watch(ORDERS, event -> {
                if (event instanceof Updated updated
                        && updated.instance().health().status() == Status.DRAINING) {
                    Thread.yield(); // so that an acknowledgement that does not wait for it comes first
                    notified.incrementAndGet();
                }
            });
            caller.watch(STOCK, new WatchRecorder());
        }
        var registration = owner.register(RegistryConformance.instance(ORDERS, "a"));
        owner.register(RegistryConformance.instance(STOCK, "increases-the-revision"));
        allWatching.run();

        registration.drain();

        assertThat(acknowledged(registration)).isTrue();
        assertThat(notified).hasValue(callers.size());
        assertThat(acknowledged(registration)).as("a second time").isTrue();
        registration.close();
        assertThat(acknowledged(registration)).as("after deregistration").isFalse();
    }

    @Test
    void a_drain_is_acknowledged_by_every_process() throws InterruptedException {
        var callers = new ArrayList<Registry>();
        for (int i = 0; i < 20; i++) {
            callers.add(client(timeless, RegistryPolicy.STANDARD));
        }
        // the registry, two threads of each client, and for each watching client both ends of its request and two
        // watchers
        int sleepers = 1 + 2 + (2 + 2 + 2) * callers.size();
        acknowledges(client(timeless, RegistryPolicy.STANDARD), callers, () -> awaitSleepers(sleepers));
    }

    @Test
    void a_drain_is_acknowledged_within_a_process() throws InterruptedException {
        var registry = embedded(still);
        acknowledges(registry, List.of(registry, registry, registry), () -> {});
    }

    @Test
    void a_drain_without_watchers_is_acknowledged_at_once() throws InterruptedException {
        var registration = client().register(RegistryConformance.instance(ORDERS, "a"));
        registration.drain();
        assertThat(acknowledged(registration)).as("long before its timeout").isTrue();
    }

    @Test
    void a_slow_watcher_does_not_block_an_acknowledgement_for_ever() throws InterruptedException {
        var held = new CountDownLatch(1);
        client().watch(ORDERS, event -> {
            try {
                held.await(LONG.toSeconds(), TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        var registration = client().register(RegistryConformance.instance(ORDERS, "a"));
        registration.drain();
        assertThat(registration.acknowledged(LONG)).isTrue();
        held.countDown();
    }

    @Test
    void nothing_is_acknowledged_while_the_registry_is_down() {
        var owner = client(host, RegistryPolicy.STANDARD); // the test takes as long as its patience
        var registration = owner.register(RegistryConformance.instance(ORDERS, "a"));
        host.crash();
        registration.drain();
        assertThat(registration.acknowledged(LONG)).isFalse();
    }

    @Test
    void an_operator_drains_an_instance_of_another_process() {
        var seen = new WatchRecorder();
        client().watch(ORDERS, seen);
        var instance =
                client().register(RegistryConformance.instance(ORDERS, "a")).instance();
        var operator = client();

        assertThat(operator.drain(instance, true, LONG)).isTrue();
        assertThat(seen.until(
                        view -> view.containsKey("a") && view.get("a").health().status() == Status.DRAINING))
                .hasSize(1);
        assertThat(operator.drain(instance, false, LONG)).isTrue();
        seen.until(view -> view.get("a").health().status() == Status.PASSING);
        var unknown = RegistryConformance.instance(ORDERS, "unknown");
        assertThatThrownBy(() -> operator.drain(unknown, true, LONG)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void an_operator_drains_an_instance_of_this_process() {
        var registry = embedded(Time.system());
        var registration = registry.register(RegistryConformance.instance(ORDERS, "a"));
        assertThat(registry.drain(registration.instance(), true, LONG)).isTrue();
        assertThat(registry.instances(ORDERS).getFirst().health().status()).isEqualTo(Status.DRAINING);
        var unknown = RegistryConformance.instance(ORDERS, "unknown");
        assertThatThrownBy(() -> registry.drain(unknown, true, LONG)).isInstanceOf(IllegalArgumentException.class);
    }

    /** Sends a watch request that acknowledges nothing. */
    private static RegistryProtocol.News watchFromStart(RegistryProtocol registry) {
        try {
            return registry.watch(Map.of(ORDERS.value(), 0L), "", 0, "behind");
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void an_operator_waits_for_watchers_up_to_its_timeout() throws Exception {
        var time = new ManualTime();
        try (var slow = new RegistryHost(time, RegistryLimits.STANDARD).start();
                var operator = slow.client(RegistryPolicy.STANDARD, Events.NONE)) {
            RegistryProtocol watcher = slow.protocol();
            var instance = RegistryConformance.instance(ORDERS, "a");
            watcher.register(RegistryProtocol.Instance.of(instance), "its-token", 600_000);
            watchFromStart(watcher);
            var drained = new Promise<Boolean>();
            Thread.ofVirtual().start(() -> drained.complete(operator.drain(instance, true, Duration.ofMinutes(9))));

            // one request waits for a shorter time than the operator
            Polling.until(() -> slow.count("drain") >= 3, () -> {
                assertThat(drained.now()).as("without an acknowledgement").isNull();
                if (time.sleepers() == WAITING) { // no request is in progress that would time out
                    time.advance(Duration.ofSeconds(1));
                    watchFromStart(watcher);
                }
            });
            var news = watchFromStart(watcher);
            watcher.watch(Map.of(ORDERS.value(), news.revision()), news.epoch(), 0, "behind");

            assertThat(drained.await(Time.system(), LONG.toNanos())).isTrue();
        }
    }
}
