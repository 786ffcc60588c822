package dev.treaty.registry.changes;

import static dev.treaty.registry.Instances.ORDERS;
import static dev.treaty.registry.Patience.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.core.time.ManualTime;
import dev.treaty.core.time.Time;
import dev.treaty.fixtures.ProcessorTime;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class WatcherAcksTest {
    private final WatcherAcks acks = new WatcherAcks();

    @Test
    void a_crowd_of_drains_that_a_crowd_of_watchers_acknowledges_costs_little() throws InterruptedException {
        int watchers = 2_000;
        int drains = 2_000;
        var time = new ManualTime();
        for (int i = 0; i < watchers; i++) {
            acks.acknowledge(i, Map.of(ORDERS, 1L), time.nanoTime());
        }
        var acknowledged = new CountDownLatch(drains);
        for (int i = 0; i < drains; i++) {
            Thread.startVirtualThread(() -> {
                try {
                    if (acks.await(ORDERS, 2, time, Duration.ofMinutes(1).toNanos()) == 0) {
                        acknowledged.countDown();
                    }
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
            });
        }
        eventually(() -> time.sleepers() == drains);
        Duration before = ProcessorTime.used();
        for (int i = 0; i < watchers; i++) {
            acks.acknowledge(i, Map.of(ORDERS, 2L), time.nanoTime());
        }
        assertThat(acknowledged.await(60, TimeUnit.SECONDS)).isTrue();
        assertThat(ProcessorTime.used().minus(before)).isLessThan(Duration.ofSeconds(2));
    }

    @Test
    void a_watcher_that_is_notified_during_a_wait_and_does_not_return_counts_as_gone() throws InterruptedException {
        var time = new ManualTime();
        acks.acknowledge("killed", Map.of(ORDERS, 1L), time.nanoTime());
        var missing = new CountDownLatch(1);
        Thread.startVirtualThread(() -> {
            try {
                if (acks.await(ORDERS, 2, time, Duration.ofHours(1).toNanos()) == 0) {
                    missing.countDown();
                }
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        });
        eventually(() -> time.sleepers() == 1);
        acks.notified("killed", time.nanoTime());
        time.advance(WatcherAcks.TIMEOUT);
        assertThat(missing.await(60, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void a_wait_without_watchers_is_over() throws InterruptedException {
        assertThat(acks.await(ORDERS, 1, Time.system(), 1)).isZero();
    }
}
