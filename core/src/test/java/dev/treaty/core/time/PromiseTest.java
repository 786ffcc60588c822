package dev.treaty.core.time;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.fixtures.ProcessorTime;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class PromiseTest {
    private final ManualTime time = new ManualTime();

    @Test
    void every_waiter_gets_the_first_value() throws InterruptedException {
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
            seen.add(value == null ? "null" : value);
        } catch (InterruptedException e) {
            seen.add("interrupted");
        }
    }

    @Test
    void a_wait_returns_null_when_its_time_is_over() throws InterruptedException {
        var promise = new Promise<String>();
        Queue<String> seen = new ConcurrentLinkedQueue<>();
        Thread waiter = Thread.startVirtualThread(() -> await(promise, seen));
        while (time.sleepers() == 0) {
            Thread.yield();
        }
        time.advance(Duration.ofHours(1));
        waiter.join();
        assertThat(seen).containsExactly("null");
    }

    @Test
    void an_interrupt_ends_a_wait() throws InterruptedException {
        var promise = new Promise<String>();
        Queue<String> seen = new ConcurrentLinkedQueue<>();
        Thread waiter = Thread.startVirtualThread(() -> await(promise, seen));
        waiter.interrupt();
        waiter.join();
        assertThat(seen).containsExactly("interrupted");
    }

    @Test
    void waiters_that_have_left_are_garbage_collected() throws InterruptedException {
        var promise = new Promise<String>();
        Queue<String> seen = new ConcurrentLinkedQueue<>();
        List<WeakReference<Thread>> gone = new ArrayList<>();
        Thread stays = Thread.startVirtualThread(() -> await(promise, seen));
        for (int i = 0; i < 50; i++) {
            int before = time.sleepers();
            Thread waiter = Thread.startVirtualThread(() -> await(promise, seen));
            while (time.sleepers() == before) {
                Thread.yield();
            }
            gone.add(new WeakReference<>(waiter));
            if (i >= 3) { // the last few wait at the same time
                Thread other = gone.get(i - 3).get();
                other.interrupt();
                other.join();
            }
        }
        assertThat(seen).hasSize(47).containsOnly("interrupted");
        for (WeakReference<Thread> each : gone.subList(0, 47)) {
            for (int tries = 0; each.get() != null && tries < 50; tries++) {
                System.gc();
            }
            assertThat(each.get()).isNull();
        }
        assertThat(promise.complete("kept")).isTrue();
        stays.join();
        for (WeakReference<Thread> each : gone) {
            Thread last = each.get();
            if (last != null) {
                last.join();
            }
        }
        assertThat(seen).hasSize(51).endsWith("kept");
    }

    @Test
    void remaining_waiters_are_woken_while_others_leave() throws InterruptedException {
        for (int round = 0; round < 50; round++) {
            var promise = new Promise<String>();
            Queue<String> seen = new ConcurrentLinkedQueue<>();
            List<Thread> waiters = new ArrayList<>();
            for (int i = 0; i < 40; i++) {
                waiters.add(Thread.startVirtualThread(() -> await(promise, seen)));
            }
            List<Thread> impatient = new ArrayList<>();
            for (int i = 0; i < 40; i += 2) {
                Thread leaves = waiters.get(i);
                impatient.add(Thread.ofPlatform().start(leaves::interrupt));
            }
            for (int i = 0; i < 40; i += 2) {
                impatient.get(i / 2).join();
                waiters.get(i).join();
            }
            promise.complete("kept");
            for (Thread waiter : waiters) {
                waiter.join();
            }
            assertThat(seen).filteredOn("kept"::equals).hasSize(20);
            assertThat(seen).filteredOn("interrupted"::equals).hasSize(20);
        }
    }

    /** The processor time of this process between an event and the end of the last of 32,000 waits. */
    private Duration release(Promise<String> promise, Time clock, long nanos, Runnable event) throws Exception {
        int callers = 32_000;
        var waits = new AtomicInteger();
        var ended = new CountDownLatch(callers);
        var counting = new Time() {
            @Override
            public long nanoTime() {
                return clock.nanoTime();
            }

            @Override
            public Instant instant() {
                return clock.instant();
            }

            @Override
            public void park(Object blocker, long left) {
                waits.incrementAndGet();
                clock.park(blocker, left);
            }
        };
        for (int i = 0; i < callers; i++) {
            Thread.startVirtualThread(() -> {
                try {
                    promise.await(counting, nanos);
                    ended.countDown();
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
            });
        }
        while (waits.get() < callers || (clock == time && time.sleepers() < callers)) {
            Thread.yield();
        }
        Duration before = ProcessorTime.used();
        event.run();
        assertThat(ended.await(60, TimeUnit.SECONDS)).isTrue();
        return ProcessorTime.used().minus(before);
    }

    @Test
    void a_crowd_that_waits_for_one_event_is_released_without_a_walk_for_each() throws Exception {
        var promise = new Promise<String>();
        assertThat(release(promise, Time.system(), Long.MAX_VALUE / 2, () -> promise.complete("now")))
                .isLessThan(Duration.ofSeconds(1));
    }

    @Test
    void a_crowd_that_gives_up_at_the_same_time_is_released_without_a_walk_for_each() throws Exception {
        Duration wait = Duration.ofSeconds(5);
        assertThat(release(new Promise<>(), time, wait.toNanos(), () -> time.advance(wait)))
                .isLessThan(Duration.ofSeconds(1));
    }
}
