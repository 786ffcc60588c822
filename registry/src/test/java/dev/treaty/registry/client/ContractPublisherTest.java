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

/** Contracts that a process publishes at the same time. */
@Timeout(60) // closing waits in a time that stands still where an assertion failed
class ContractPublisherTest {
    private final ManualTime time = new ManualTime();
    private final FakeBackend engine = new FakeBackend();

    /** Publishes it in a thread of its own; returns when so many threads wait. */
    private Thread publish(NetworkRegistry registry, String contract, int sleepers) {
        var thread = Thread.ofVirtual().start(() -> registry.publish(ServiceContract.parse(contract)));
        eventually(() -> time.sleepers() == sleepers);
        return thread;
    }

    @Test
    void whatIsPublishedTwiceAtOnceIsAskedForTwice() throws InterruptedException {
        var stored = new CopyOnWriteArrayList<String>();
        var busy = new CountDownLatch(1);
        var released = new CountDownLatch(1);
        engine.onStore = contract -> {
            stored.add(contract);
            busy.countDown();
            try {
                released.await();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        };

        try (var registry = NetworkRegistry.over(engine, "fake://engine", engine.surroundings(time, Events.NONE))) {
            eventually(() -> time.sleepers() == 2); // keeper and replica
            var other = Thread.ofVirtual()
                    .start(() ->
                            registry.publish(ServiceContract.parse("contract shop.Stock 1.0.0\ncount() -> int32")));
            busy.await();
            eventually(() -> time.sleepers() == 2); // replica and the one that publishes; the keeper is busy
            var first = publish(registry, "contract shop.Orders 1.0.0\nfirst() -> string", 3);
            var second = publish(registry, "contract shop.Orders 1.0.0\nsecond() -> string", 4);
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
