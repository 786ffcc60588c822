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
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What an instance that drains learns of those who call it. */
class AcknowledgedDrainTest {
    private static final Duration LONG = Duration.ofSeconds(20);
    private static final long POLL_NANOS = 200_000;

    /** The threads of a registry and of a client of it that sleep, and both ends of a question that waits. */
    private static final int WAITING = 3 + 2;

    private final RegistryHost host = new RegistryHost(Time.system(), RegistryLimits.STANDARD).start();

    /** One whose time stands still, so that nobody is ever taken to be gone and nobody's patience ends. */
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

    /** What is acknowledged, where time stands still and cannot end the wait. */
    private static boolean acknowledged(Registration registration) throws InterruptedException {
        var heard = new Promise<Boolean>();
        Thread.ofVirtual().start(() -> heard.complete(registration.acknowledged(LONG)));
        Boolean answer = heard.await(Time.system(), LONG.toNanos());
        assertThat(answer).as("an answer").isNotNull();
        return answer;
    }

    /**
     * Waits until that many threads sleep. Who asked twice at once may have been answered by nothing, and pauses for a
     * moment, which has to pass.
     */
    private void awaitSleepers(int number) {
        long end = System.nanoTime() + LONG.toNanos();
        while (still.sleepers() != number) {
            assertThat(System.nanoTime() - end).as("%s sleep", still.sleepers()).isNegative();
            still.advance(Duration.ofMillis(1));
            LockSupport.parkNanos(POLL_NANOS);
        }
    }

    /**
     * Everybody who follows has been called back when the drain is acknowledged, however many there are.
     *
     * @param calm waits until all follow
     */
    private static void acknowledges(Registry owner, List<Registry> callers, Runnable calm)
            throws InterruptedException {
        var heard = new AtomicInteger();
        for (Registry caller : callers) {
            caller.watch(ORDERS, event -> {
                if (event instanceof Updated updated
                        && updated.instance().health().status() == Status.DRAINING) {
                    LockSupport.parkNanos(POLL_NANOS); // so that whoever does not wait for it is ahead
                    heard.incrementAndGet();
                }
            });
            caller.watch(STOCK, new WatchRecorder());
        }
        var registration = owner.register(RegistryConformance.instance(ORDERS, "a"));
        owner.register(RegistryConformance.instance(STOCK, "moves-the-revision-on"));
        calm.run();

        registration.drain();

        assertThat(acknowledged(registration)).isTrue();
        assertThat(heard).hasValue(callers.size());
        assertThat(acknowledged(registration)).as("asked again").isTrue();
        registration.close();
        assertThat(acknowledged(registration)).as("after it left").isFalse();
    }

    @Test
    void aDrainIsAcknowledgedByEveryProcess() throws InterruptedException {
        var callers = new ArrayList<Registry>();
        for (int i = 0; i < 20; i++) {
            callers.add(client(timeless, RegistryPolicy.STANDARD));
        }
        // The registry, two threads of each client, and of each follower both ends of its request and its two watchers.
        int sleepers = 1 + 2 + (2 + 2 + 2) * callers.size();
        acknowledges(client(timeless, RegistryPolicy.STANDARD), callers, () -> awaitSleepers(sleepers));
    }

    @Test
    void aDrainIsAcknowledgedWithinAProcess() throws InterruptedException {
        var registry = embedded(still);
        acknowledges(registry, List.of(registry, registry, registry), () -> {});
    }

    @Test
    void nobodyFollowsSoNobodyIsWaitedFor() {
        var registration = client().register(RegistryConformance.instance(ORDERS, "a"));
        registration.drain();
        long before = System.nanoTime();
        assertThat(registration.acknowledged(LONG)).isTrue();
        assertThat(System.nanoTime() - before).isLessThan(LONG.toNanos() / 2);
    }

    @Test
    void whoeverIsSlowIsNotWaitedForWithoutEnd() throws InterruptedException {
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
    void withoutARegistryNothingIsAcknowledged() {
        var owner = client(host, RegistryPolicy.STANDARD); // its patience is what this takes
        var registration = owner.register(RegistryConformance.instance(ORDERS, "a"));
        host.crash();
        registration.drain();
        assertThat(registration.acknowledged(LONG)).isFalse();
    }

    @Test
    void anOperatorHasAnInstanceOfOthersDrain() {
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
        var nobody = RegistryConformance.instance(ORDERS, "nobody");
        assertThatThrownBy(() -> operator.drain(nobody, true, LONG)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void anOperatorHasAnInstanceOfThisProcessDrain() {
        var registry = embedded(Time.system());
        var registration = registry.register(RegistryConformance.instance(ORDERS, "a"));
        assertThat(registry.drain(registration.instance(), true, LONG)).isTrue();
        assertThat(registry.instances(ORDERS).getFirst().health().status()).isEqualTo(Status.DRAINING);
        var nobody = RegistryConformance.instance(ORDERS, "nobody");
        assertThatThrownBy(() -> registry.drain(nobody, true, LONG)).isInstanceOf(IllegalArgumentException.class);
    }

    /** A follower that asks on and on, and says each time that it has heard of nothing yet. */
    private static RegistryProtocol.News askAsBefore(RegistryProtocol registry) throws InterruptedException {
        return registry.watch(Map.of(ORDERS.value(), 0L), "", 0, "behind");
    }

    @Test
    void anOperatorWaitsForFollowersAsLongAsIsSaid() throws Exception {
        var time = new ManualTime();
        try (var slow = new RegistryHost(time, RegistryLimits.STANDARD).start();
                var operator = slow.client(RegistryPolicy.STANDARD, Events.NONE)) {
            RegistryProtocol follower = slow.protocol();
            var instance = RegistryConformance.instance(ORDERS, "a");
            follower.register(RegistryProtocol.Instance.of(instance), "its-token", 600_000);
            askAsBefore(follower);
            var heard = new Promise<Boolean>();
            Thread.ofVirtual().start(() -> heard.complete(operator.drain(instance, true, Duration.ofMinutes(9))));

            long end = System.nanoTime() + LONG.toNanos();
            while (slow.count("drain") < 3) { // a question waits shorter than the operator does
                assertThat(System.nanoTime() - end).isNegative();
                assertThat(heard.now()).as("while one has not heard").isNull();
                if (time.sleepers() == WAITING) { // nobody is on the way whose answer would come late
                    time.advance(Duration.ofSeconds(1));
                    askAsBefore(follower);
                }
                LockSupport.parkNanos(POLL_NANOS);
            }
            var news = askAsBefore(follower);
            follower.watch(Map.of(ORDERS.value(), news.revision()), news.epoch(), 0, "behind");

            assertThat(heard.await(Time.system(), LONG.toNanos())).isTrue();
        }
    }
}
