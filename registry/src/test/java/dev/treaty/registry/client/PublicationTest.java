package dev.treaty.registry.client;

import static dev.treaty.registry.Patience.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.event.Events;
import dev.treaty.core.time.ManualTime;
import dev.treaty.registry.Instances;
import dev.treaty.registry.NetworkRegistry;
import dev.treaty.registry.backend.FakeBackend;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60) // closing waits in manual time if an assertion failed
class PublicationTest {
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
            try {
                released.await();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
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
}
