package dev.treaty.resilience.timeout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.treaty.core.time.Promise;
import dev.treaty.core.time.Time;
import dev.treaty.resilience.WatchdogTime;
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
    private final AtomicInteger rang = new AtomicInteger();

    private Watchdog.Watch arm(long at) {
        Watchdog.Watch watch = watchdog.arm(Thread.currentThread(), at, rang::incrementAndGet);
        time.settle(at);
        return watch;
    }

    /** Moves on until it has rung so often; gives back how often it looked for that. */
    private int lookUntilRang(int times) {
        int looks = 0;
        while (rang.get() < times) {
            assertThat(time.look()).isTrue();
            assertThat(looks).as("it sleeps in between").isLessThan(100);
            looks++;
        }
        return looks;
    }

    private boolean ends() {
        for (int looks = 0; looks < 100; looks++) {
            if (!time.look()) {
                return true;
            }
        }
        return false;
    }

    @Test
    void ringsAtTheVeryMomentAndLooksOnlyNowAndThen() {
        Watchdog.Watch watch = arm(13 * SECOND / 10);
        assertThat(lookUntilRang(1)).isLessThan(10);
        assertThat(time.nanoTime()).isEqualTo(13 * SECOND / 10);
        assertThat(time.sleep()).isGreaterThan(SECOND / 10);
        assertThat(watch.disarm()).isTrue();
        assertThat(rang).hasValue(1);
    }

    @Test
    void anEarlierWatchIsNotMissedWhileALaterOneIsWaitedFor() {
        Watchdog.Watch late = arm(40 * SECOND);
        Watchdog.Watch latest = arm(41 * SECOND);
        time.look();
        Watchdog.Watch early = arm(time.nanoTime() + SECOND / 10);
        lookUntilRang(1);
        assertThat(time.nanoTime()).isLessThan(SECOND);
        assertThat(early.disarm()).isTrue();
        lookUntilRang(2);
        assertThat(time.nanoTime()).as("it has not ended meanwhile").isEqualTo(40 * SECOND);
        assertThat(late.disarm()).isTrue();
        assertThat(latest.disarm()).isFalse();
    }

    @Test
    void whatIsDisarmedDoesNotRing() {
        assertThat(arm(SECOND).disarm()).isFalse();
        assertThat(ends()).isTrue();
        assertThat(rang).hasValue(0);
    }

    @Test
    void endsWhenNothingIsArmedForAWhileAndRingsInTimeWheneverTheNextIsArmed() {
        for (int idleLooks = 0; idleLooks < 30; idleLooks++) {
            int before = rang.get();
            arm(time.nanoTime() + SECOND).disarm();
            long began = time.nanoTime();
            boolean ended = false;
            for (int i = 0; i < idleLooks && !ended; i++) {
                ended = !time.look();
            }
            assertThat(ended && time.nanoTime() - began < SECOND)
                    .as("calls come back before")
                    .isFalse();
            long at = time.nanoTime() + 3 * SECOND;
            Watchdog.Watch watch = arm(at);
            lookUntilRang(before + 1);
            assertThat(time.nanoTime()).isEqualTo(at);
            assertThat(watch.disarm()).isTrue();
        }
        assertThat(ends()).isTrue();
    }

    @Test
    void watchesOverMoreCallsThanItBeganWith() {
        var watches = new ArrayList<Watchdog.Watch>();
        for (int i = 0; i < 1_000; i++) {
            watches.add(arm(SECOND));
        }
        lookUntilRang(1_000);
        assertThat(time.nanoTime()).isEqualTo(SECOND);
        assertThat(watches).allMatch(Watchdog.Watch::disarm);
        assertThat(ends()).isTrue();
    }

    @Test
    void refusesACallMoreThanItMayWatchOverUntilOneHasEnded() {
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

    /** A time in which the call that wakes the watchdog stops halfway, that being locked, until the test goes on. */
    private static final class Halfway implements Time {
        private final CountDownLatch goesOn = new CountDownLatch(1);

        @Override
        public boolean equals(Object other) {
            try {
                goesOn.await();
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

    /** Arms a watch over the thread of the test, on another; afterwards that waits, or has ended. */
    private static Thread arms(Watchdog small, Thread over, List<Watchdog.Watch> watches) {
        Thread thread = Thread.startVirtualThread(() -> watches.add(small.arm(over, SECOND, null)));
        while (thread.isAlive() && !WAITING.contains(thread.getState())) {
            Thread.yield();
        }
        return thread;
    }

    @Test
    void callsThatFindTheTableFullAtTheSameMomentAreAllWatchedOver() throws InterruptedException {
        var halfway = new Halfway();
        var small = new Watchdog(halfway, 128);
        Thread caller = Thread.currentThread();
        List<Watchdog.Watch> watches = Collections.synchronizedList(new ArrayList<>());
        var threads = new ArrayList<Thread>();
        for (int i = 0; i < 10; i++) { // a caller looks at eight places before the table grows
            threads.add(arms(small, caller, watches));
        }
        halfway.goesOn.countDown();
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(watches).hasSize(10).noneMatch(Watchdog.Watch::disarm);
    }

    /** Those might all be busy; and a program that is over must not have to wait for it. */
    @Test
    void onTheMachinesTimeItNeedsNoCarrierOfVirtualThreads() throws InterruptedException {
        var ringing = new Promise<Thread>();
        Watchdog machine = Watchdog.of(Time.system());
        Watchdog.Watch watch =
                machine.arm(Thread.currentThread(), System.nanoTime(), () -> ringing.complete(Thread.currentThread()));
        Thread thread = ringing.await(Time.system(), Long.MAX_VALUE / 2);
        assertThat(thread.isVirtual()).isFalse();
        assertThat(thread.isDaemon()).isTrue();
        assertThat(watch.disarm()).isTrue();
    }

    @Test
    void anInterruptNeverReachesCodeAfterTheCall() throws InterruptedException {
        Watchdog machine = Watchdog.of(Time.system());
        var strays = new AtomicInteger();
        var rings = new AtomicInteger();
        var done = new CountDownLatch(4);
        for (int t = 0; t < 4; t++) {
            Thread.ofVirtual().start(() -> {
                for (int i = 0; i < 5_000; i++) {
                    long at = System.nanoTime() + (i % 3) * 20_000L;
                    Watchdog.Watch watch = machine.arm(Thread.currentThread(), at, null);
                    if (i % 5 == 0) {
                        while (System.nanoTime() - at < 30_000) {
                            Thread.yield();
                        }
                    }
                    if (watch.disarm()) {
                        rings.incrementAndGet();
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
        assertThat(rings).hasPositiveValue();
    }
}
