package dev.treaty.core.timeout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.treaty.core.time.Promise;
import dev.treaty.core.time.Time;
import dev.treaty.fixtures.ProcessorTime;
import dev.treaty.fixtures.WatchdogTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

class WatchdogTest {
    private static final long SECOND = 1_000_000_000;

    private static final Set<Thread.State> WAITING = Set.of(Thread.State.WAITING, Thread.State.BLOCKED);

    private final WatchdogTime time = new WatchdogTime();
    private final Watchdog watchdog = Watchdog.of(time);
    private final AtomicInteger fired = new AtomicInteger();

    private Watchdog.Watch arm(long at) {
        Watchdog.Watch watch = watchdog.arm(Thread.currentThread(), at, fired::incrementAndGet);
        time.settle(at);
        return watch;
    }

    /** Advances until the watchdog has fired that often; returns the number of checks. */
    private int advanceUntilFired(int times) {
        int checks = 0;
        while (fired.get() < times) {
            assertThat(time.look()).isTrue();
            assertThat(checks).as("it sleeps in between").isLessThan(100);
            checks++;
        }
        return checks;
    }

    private boolean ends() {
        for (int checks = 0; checks < 100; checks++) {
            if (!time.look()) {
                return true;
            }
        }
        return false;
    }

    @Test
    void fires_on_time_and_checks_rarely() {
        Watchdog.Watch watch = arm(13 * SECOND / 10);
        assertThat(advanceUntilFired(1)).isLessThan(10);
        assertThat(time.nanoTime()).isEqualTo(13 * SECOND / 10);
        assertThat(time.sleep()).isGreaterThan(SECOND / 10);
        assertThat(watch.disarm()).isTrue();
        assertThat(fired).hasValue(1);
    }

    @Test
    void an_earlier_watch_armed_later_fires_on_time() {
        Watchdog.Watch late = arm(40 * SECOND);
        Watchdog.Watch latest = arm(41 * SECOND);
        time.look();
        Watchdog.Watch early = arm(time.nanoTime() + SECOND / 10);
        advanceUntilFired(1);
        assertThat(time.nanoTime()).isLessThan(SECOND);
        assertThat(early.disarm()).isTrue();
        advanceUntilFired(2);
        assertThat(time.nanoTime()).as("its thread has not ended").isEqualTo(40 * SECOND);
        assertThat(late.disarm()).isTrue();
        assertThat(latest.disarm()).isFalse();
    }

    @Test
    void a_disarmed_watch_does_not_fire() {
        assertThat(arm(SECOND).disarm()).isFalse();
        assertThat(ends()).isTrue();
        assertThat(fired).hasValue(0);
    }

    @Test
    void the_thread_ends_when_idle_and_the_next_watch_fires_on_time() {
        for (int idleLooks = 0; idleLooks < 30; idleLooks++) {
            int before = fired.get();
            arm(time.nanoTime() + SECOND).disarm();
            long began = time.nanoTime();
            boolean ended = false;
            for (int i = 0; i < idleLooks && !ended; i++) {
                ended = !time.look();
            }
            assertThat(ended && time.nanoTime() - began < SECOND)
                    .as("calls return before")
                    .isFalse();
            long at = time.nanoTime() + 3 * SECOND;
            Watchdog.Watch watch = arm(at);
            advanceUntilFired(before + 1);
            assertThat(time.nanoTime()).isEqualTo(at);
            assertThat(watch.disarm()).isTrue();
        }
        assertThat(ends()).isTrue();
    }

    @Test
    void the_table_grows_with_the_number_of_watches() {
        var watches = new ArrayList<Watchdog.Watch>();
        for (int i = 0; i < 1_000; i++) {
            watches.add(arm(SECOND));
        }
        advanceUntilFired(1_000);
        assertThat(time.nanoTime()).isEqualTo(SECOND);
        assertThat(watches).allMatch(Watchdog.Watch::disarm);
        assertThat(ends()).isTrue();
    }

    @Test
    void the_number_of_watches_is_limited() {
        var small = new Watchdog(time, 128);
        Thread caller = Thread.currentThread();
        var watches = new ArrayList<Watchdog.Watch>();
        for (int i = 0; i < 128; i++) {
            watches.add(small.arm(caller, SECOND, null));
        }
        assertThatThrownBy(() -> small.arm(caller, SECOND, null))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("128 calls have timeouts at a time, which is the limit");
        assertThat(watches.removeFirst().disarm()).isFalse();
        watches.add(small.arm(caller, SECOND, null));
        assertThat(watches).noneMatch(Watchdog.Watch::disarm);
    }

    /** A clock that stops the call that wakes the watchdog halfway, with the lock held, until the test continues. */
    private static final class Halfway implements Time {
        private final CountDownLatch resume = new CountDownLatch(1);

        @Override
        public boolean equals(Object other) {
            try {
                resume.await();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
            return this == other;
        }

        @Override
        public int hashCode() {
            return System.identityHashCode(this);
        }

        @Override
        public Instant instant() {
            return Instant.EPOCH;
        }

        @Override
        public long nanoTime() {
            return 0;
        }

        @Override
        public void park(Object blocker, long nanos) {
            LockSupport.park(blocker);
        }
    }

    /** Arms a watch on another thread, which afterwards waits or has ended. */
    private static Thread armOnAnotherThread(Watchdog small, Thread over, List<Watchdog.Watch> watches) {
        Thread thread = Thread.startVirtualThread(() -> watches.add(small.arm(over, SECOND, null)));
        while (thread.isAlive() && !WAITING.contains(thread.getState())) {
            Thread.yield();
        }
        return thread;
    }

    @Test
    void concurrent_calls_that_find_the_table_full_all_get_a_watch() throws InterruptedException {
        var halfway = new Halfway();
        var small = new Watchdog(halfway, 128);
        Thread caller = Thread.currentThread();
        List<Watchdog.Watch> watches = Collections.synchronizedList(new ArrayList<>());
        var threads = new ArrayList<Thread>();
        for (int i = 0; i < 10; i++) { // a call tries eight watches before the table grows
            threads.add(armOnAnotherThread(small, caller, watches));
        }
        halfway.resume.countDown();
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(watches).hasSize(10).noneMatch(Watchdog.Watch::disarm);
    }

    /** Carriers might all be busy; and a program must be able to exit without waiting for it. */
    @Test
    void on_the_system_clock_it_runs_on_a_daemon_platform_thread() throws InterruptedException {
        var fired = new Promise<Thread>();
        Watchdog system = Watchdog.of(Time.system());
        Watchdog.Watch watch =
                system.arm(Thread.currentThread(), System.nanoTime(), () -> fired.complete(Thread.currentThread()));
        Thread thread = fired.await(Time.system(), Long.MAX_VALUE / 2);
        assertThat(thread.isVirtual()).isFalse();
        assertThat(thread.isDaemon()).isTrue();
        assertThat(watch.disarm()).isTrue();
    }

    @Test
    void an_interrupt_never_reaches_code_after_the_call() throws InterruptedException {
        Watchdog system = Watchdog.of(Time.system());
        var strays = new AtomicInteger();
        var fires = new AtomicInteger();
        var done = new CountDownLatch(4);
        for (int t = 0; t < 4; t++) {
            Thread.ofVirtual().start(() -> {
                for (int i = 0; i < 5_000; i++) {
                    long at = System.nanoTime() + (i % 3) * 20_000L;
                    Watchdog.Watch watch = system.arm(Thread.currentThread(), at, null);
                    if (i % 5 == 0) {
                        while (System.nanoTime() - at < 30_000) {
                            Thread.yield();
                        }
                    }
                    if (watch.disarm()) {
                        fires.incrementAndGet();
                        Thread.interrupted();
                    }
                    if (Thread.interrupted()) {
                        strays.incrementAndGet();
                    }
                }
                done.countDown();
            });
        }
        done.await();
        assertThat(strays).hasValue(0);
        assertThat(fires).hasPositiveValue();
    }

    @Test
    void an_action_that_throws_harms_no_other_watch_G1() {
        Watchdog.Watch broken = watchdog.arm(Thread.currentThread(), SECOND, () -> {
            throw new AssertionError("broken");
        });
        Watchdog.Watch other = arm(2 * SECOND);
        advanceUntilFired(1);
        assertThat(time.nanoTime()).isEqualTo(2 * SECOND);
        assertThat(broken.disarm()).isTrue();
        assertThat(other.disarm()).isTrue();
    }

    @Test
    void a_stray_interrupt_does_not_end_its_threads_G1() throws InterruptedException {
        Watchdog system = Watchdog.of(Time.system());
        for (int round = 0; round < 3; round++) {
            var fired = new Promise<Thread>();
            Watchdog.Watch watch =
                    system.arm(Thread.currentThread(), System.nanoTime(), () -> fired.complete(Thread.currentThread()));
            Thread thread = fired.await(Time.system(), Long.MAX_VALUE / 2);
            assertThat(watch.disarm()).isTrue();
            thread.interrupt();
        }
    }

    /** Each end of a call looks only where its thread may have other watches: all of them took half a minute before. */
    @Test
    void a_crowd_of_nested_calls_whose_time_is_up_ends_soon_G1() throws InterruptedException {
        int callers = 30_000;
        Duration before = ProcessorTime.used();
        Watchdog system = Watchdog.of(Time.system());
        var left = new AtomicInteger(callers);
        var allLeft = new Promise<Boolean>();
        for (int i = 0; i < callers; i++) {
            Thread.startVirtualThread(() -> {
                long at = System.nanoTime() + SECOND;
                Watchdog.Watch outer = system.arm(Thread.currentThread(), at, null);
                Watchdog.Watch inner = system.arm(Thread.currentThread(), at, null);
                while (!Thread.currentThread().isInterrupted()) {
                    LockSupport.park();
                }
                system.disarm(inner);
                system.disarm(outer);
                if (left.decrementAndGet() == 0) {
                    allLeft.complete(true);
                }
            });
        }
        assertThat(allLeft.await(Time.system(), Long.MAX_VALUE / 2)).isTrue();
        assertThat(ProcessorTime.used().minus(before)).isLessThan(Duration.ofSeconds(20));
    }

    @Test
    void an_outer_watch_from_before_the_table_grew_is_renewed_G3() {
        Watchdog system = Watchdog.of(Time.system());
        Thread current = Thread.currentThread();
        Watchdog.Watch outer = system.arm(current, System.nanoTime(), null);
        awaitInterrupt();
        List<Watchdog.Watch> others = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            Thread other = Thread.ofVirtual().unstarted(() -> {});
            others.add(system.arm(other, System.nanoTime() + 1_000 * SECOND, fired::incrementAndGet));
        }
        Watchdog.Watch inner;
        do {
            inner = system.arm(current, System.nanoTime(), null);
            awaitInterrupt(); // it may be another one of the outer watch
        } while (!system.disarm(inner));
        assertThat(Thread.interrupted())
                .as("the outer timeout is in force again")
                .isTrue();
        others.forEach(system::disarm);
        assertThat(system.disarm(outer)).isTrue();
        assertThat(Thread.interrupted()).isFalse();
    }

    private void awaitInterrupt() {
        while (!Thread.interrupted()) {
            LockSupport.park(this);
        }
    }
}
