package dev.treaty.registry.client;

import static dev.treaty.registry.Patience.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.IncompatibleContractException;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.event.Events;
import dev.treaty.core.time.ManualTime;
import dev.treaty.core.time.Promise;
import dev.treaty.registry.Instances;
import dev.treaty.registry.NetworkRegistry;
import dev.treaty.registry.RegistryPolicy;
import dev.treaty.registry.backend.FakeBackend;
import java.time.Duration;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60) // closing waits in manual time if an assertion failed
class PublicationTest {
    private static final Duration PATIENCE = RegistryPolicy.STANDARD.patience();
    private static final Duration STEP = Duration.ofMillis(100);

    /** Watch client, publishing thread and leases of the cached view, which wait while the lease keeper is busy. */
    private static final int BUSY = 3;

    private final ManualTime time = new ManualTime();
    private final FakeBackend backend = new FakeBackend();

    /** Publishes a contract on its own thread; returns when a number of threads wait. */
    private Thread publish(NetworkRegistry registry, String contract, int waiting) {
        var thread = Thread.ofVirtual().start(() -> registry.publish(ServiceContract.parse(contract)));
        eventually(() -> time.sleepers() == waiting);
        return thread;
    }

    @Test
    void contracts_of_one_version_that_are_published_at_the_same_time_are_both_stored() throws InterruptedException {
        var stored = new CopyOnWriteArrayList<String>();
        var busy = new CountDownLatch(1);
        var released = new CountDownLatch(1);
        backend.onStore = contract -> {
            stored.add(contract);
            busy.countDown();
            await(released);
        };

        try (var registry = NetworkRegistry.over(backend, "fake://backend", backend.context(time, Events.NONE))) {
            eventually(() -> time.sleepers() == 2); // lease keeper and watch client
            var other = Thread.ofVirtual()
                    .start(() ->
                            registry.publish(ServiceContract.parse("contract shop.Stock 1.0.0\ncount() -> int32")));
            busy.await();
            // Watch client, publishing thread and leases of the cached view; the lease keeper is busy.
            eventually(() -> time.sleepers() == 3);
            var first = publish(registry, "contract shop.Orders 1.0.0\nfirst() -> string", 4);
            var second = publish(registry, "contract shop.Orders 1.0.0\nsecond() -> string", 5);
            released.countDown();
            second.join();

            assertThat(stored)
                    .satisfiesExactly(
                            text -> assertThat(text).contains("count"),
                            text -> assertThat(text).contains("first"),
                            text -> assertThat(text).contains("second"));
            first.join();
            other.join();
            assertThat(registry.contract(Instances.ORDERS).orElseThrow().text()).contains("second");
        }
    }

    /** Publishes a contract on its own thread; returns why that failed, or an empty text if it did not. */
    private Promise<String> publishing(NetworkRegistry registry) {
        var ended = new Promise<String>();
        Thread.ofVirtual().start(() -> {
            try {
                registry.publish(ServiceContract.parse("contract shop.Orders 1.0.0\nget() -> string"));
                ended.complete("");
            } catch (IncompatibleContractException e) {
                ended.complete(e.getMessage());
            }
        });
        return ended;
    }

    /**
     * Lets time pass until a thread has ended; returns how much.
     *
     * @param waiting how many threads wait, with that one
     */
    private Duration passed(Promise<String> ended, int waiting, Duration max) {
        Duration passed = Duration.ZERO;
        eventually(() -> ended.now() != null || time.sleepers() == waiting);
        while (ended.now() == null && passed.compareTo(max) < 0) {
            time.advance(STEP);
            passed = passed.plus(STEP);
            eventually(() -> ended.now() != null || time.sleepers() == waiting);
        }
        return passed;
    }

    @Test
    void a_refusal_that_a_slow_registry_sends_after_the_patience_is_over_is_still_an_answer() throws Exception {
        var busy = new CountDownLatch(1);
        var released = new CountDownLatch(1);
        backend.onStore = _ -> {
            busy.countDown();
            await(released);
            throw new ServiceException(Code.FAILED_PRECONDITION, "it breaks clients");
        };

        try (var registry = NetworkRegistry.over(backend, "fake://backend", backend.context(time, Events.NONE))) {
            var ended = publishing(registry);
            busy.await();
            passed(ended, BUSY, PATIENCE.multipliedBy(2).minus(STEP));
            assertThat(ended.now()).isNull();
            released.countDown();

            eventually(() -> ended.now() != null);
            assertThat(ended.now()).contains("refuses a contract: it breaks clients");
        }
    }

    @Test
    void a_registry_that_answers_nothing_is_waited_for_up_to_five_seconds() throws Exception {
        var busy = new CountDownLatch(1);
        var released = new CountDownLatch(1);
        backend.onStore = _ -> {
            busy.countDown();
            await(released);
        };

        try (var registry = NetworkRegistry.over(backend, "fake://backend", backend.context(time, Events.NONE))) {
            var ended = publishing(registry);
            busy.await();

            assertThat(passed(ended, BUSY, Duration.ofMinutes(1))).isEqualTo(Duration.ofSeconds(5));
            assertThat(ended.now()).isEmpty();
            released.countDown();
        }
    }

    @Test
    void a_registry_that_fails_is_waited_for_no_longer_than_the_patience() {
        backend.onStore = _ -> {
            throw new ServiceException(Code.UNAVAILABLE, "connection refused");
        };

        try (var registry = NetworkRegistry.over(backend, "fake://backend", backend.context(time, Events.NONE))) {
            var ended = publishing(registry);
            eventually(() -> registry.problem().isPresent());

            assertThat(passed(ended, BUSY + 1, Duration.ofMinutes(1))).isEqualTo(PATIENCE);
            assertThat(ended.now()).isEmpty();
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
