package dev.treaty.resilience;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.core.time.ManualTime;
import dev.treaty.core.time.Time;
import java.time.Duration;
import java.util.ArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class WatchdogTest {
    private static final long SECOND = 1_000_000_000;

    private final ManualTime time = new ManualTime();
    private final Watchdog watchdog = Watchdog.of(time);

    /** Waits until the watchdog sleeps, which it does once it has looked. */
    private void asleep() {
        while (time.sleepers() == 0) {
            Thread.onSpinWait();
        }
    }

    private void advance(Duration duration) {
        asleep();
        time.advance(duration);
        asleep();
    }

    @Test
    void ringsWhenTheTimeIsUpAndNotBefore() {
        var rang = new AtomicInteger();
        Watchdog.Watch watch = watchdog.arm(Thread.currentThread(), 2 * SECOND, rang::incrementAndGet);
        for (int i = 0; i < 7; i++) {
            advance(Duration.ofMillis(250));
        }
        assertThat(rang).hasValue(0);
        while (rang.get() == 0) {
            advance(Duration.ofMillis(250));
        }
        assertThat(time.nanoTime()).isGreaterThanOrEqualTo(2 * SECOND);
        assertThat(watchdog.disarm(watch)).isTrue();
        assertThat(rang).hasValue(1);
    }

    @Test
    void anEarlierWatchIsNotMissedWhileALaterOneIsWaitedFor() {
        var rang = new AtomicInteger();
        Watchdog.Watch late = watchdog.arm(Thread.currentThread(), 3600 * SECOND, rang::incrementAndGet);
        asleep();
        Watchdog.Watch early = watchdog.arm(Thread.currentThread(), SECOND, rang::incrementAndGet);
        while (rang.get() == 0) {
            advance(Duration.ofMillis(100));
        }
        assertThat(time.nanoTime()).isLessThan(3600 * SECOND);
        assertThat(watchdog.disarm(early)).isTrue();
        assertThat(watchdog.disarm(late)).isFalse();
    }

    @Test
    void whatIsDisarmedDoesNotRing() {
        var rang = new AtomicInteger();
        Watchdog.Watch watch = watchdog.arm(Thread.currentThread(), SECOND, rang::incrementAndGet);
        assertThat(watchdog.disarm(watch)).isFalse();
        for (int i = 0; i < 10; i++) {
            advance(Duration.ofMillis(300));
        }
        assertThat(rang).hasValue(0);
    }

    @Test
    void sleepsForGoodWhenNothingIsArmedAndWakesForTheNext() {
        assertThat(watchdog.disarm(watchdog.arm(Thread.currentThread(), SECOND, () -> {})))
                .isFalse();
        asleep();
        for (int i = 0; i < 100; i++) {
            time.advance(Duration.ofSeconds(1));
            Thread.onSpinWait();
        }
        var rang = new AtomicInteger();
        Watchdog.Watch watch = watchdog.arm(Thread.currentThread(), time.nanoTime() + SECOND, rang::incrementAndGet);
        while (rang.get() == 0) {
            time.advance(Duration.ofMillis(100));
            Thread.onSpinWait();
        }
        assertThat(watchdog.disarm(watch)).isTrue();
    }

    @Test
    void watchesOverMoreCallsThanItBeganWith() {
        var rang = new AtomicInteger();
        var watches = new ArrayList<Watchdog.Watch>();
        for (int i = 0; i < 1_000; i++) {
            watches.add(watchdog.arm(Thread.currentThread(), SECOND, rang::incrementAndGet));
        }
        while (rang.get() < 1_000) {
            advance(Duration.ofMillis(100));
        }
        assertThat(watches).allMatch(watchdog::disarm);
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
                            Thread.onSpinWait();
                        }
                    }
                    if (machine.disarm(watch)) {
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
