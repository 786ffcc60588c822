package dev.treaty.core.time;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Test;

class PromiseTest {
    private final ManualTime time = new ManualTime();

    @Test
    void everyWaiterGetsTheFirstValue() throws InterruptedException {
        var promise = new Promise<String>();
        Queue<String> seen = new ConcurrentLinkedQueue<>();
        List<Thread> waiters = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            waiters.add(Thread.startVirtualThread(() -> await(promise, seen)));
        }
        while (time.sleepers() < 100) {
            Thread.yield();
        }
        assertThat(promise.complete("first")).isTrue();
        assertThat(promise.complete("second")).isFalse();
        for (Thread waiter : waiters) {
            waiter.join();
        }
        assertThat(seen).hasSize(100).containsOnly("first");
        assertThat(promise.now()).isEqualTo("first");
    }

    private void await(Promise<String> promise, Queue<String> seen) {
        try {
            String value = promise.await(time, Duration.ofHours(1).toNanos());
            seen.add(value == null ? "nothing" : value);
        } catch (InterruptedException e) {
            seen.add("interrupted");
        }
    }

    @Test
    void aWaitEndsWithNothingWhenItsTimeIsOver() throws InterruptedException {
        var promise = new Promise<String>();
        Queue<String> seen = new ConcurrentLinkedQueue<>();
        Thread waiter = Thread.startVirtualThread(() -> await(promise, seen));
        while (time.sleepers() == 0) {
            Thread.yield();
        }
        time.advance(Duration.ofHours(1));
        waiter.join();
        assertThat(seen).containsExactly("nothing");
    }

    @Test
    void anInterruptEndsAWaitAtOnce() throws InterruptedException {
        var promise = new Promise<String>();
        Queue<String> seen = new ConcurrentLinkedQueue<>();
        Thread waiter = Thread.startVirtualThread(() -> await(promise, seen));
        waiter.interrupt();
        waiter.join();
        assertThat(seen).containsExactly("interrupted");
    }
}
