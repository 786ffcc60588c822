package dev.treaty.resilience;

import dev.treaty.core.time.Time;
import dev.treaty.resilience.timeout.Watchdog;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A clock that a test advances from one check of a watchdog to the next. It advances only while the watchdog sleeps,
 * and then waits until the watchdog has checked, so every run is the same.
 */
public final class WatchdogTime implements Time {
    private final Map<Thread, Long> sleeps = new ConcurrentHashMap<>();
    private volatile @Nullable Thread watchdog;
    private volatile long now;

    @Override
    public Instant instant() {
        return Instant.EPOCH.plusNanos(now);
    }

    @Override
    public long nanoTime() {
        return now;
    }

    @Override
    public void park(Object blocker, long nanos) {
        Thread sleeper = Thread.currentThread();
        if (blocker instanceof Watchdog) {
            watchdog = sleeper;
        }
        sleeps.put(sleeper, now + nanos);
        LockSupport.park(blocker);
        sleeps.remove(sleeper);
    }

    /** Returns until when a thread sleeps, once it sleeps. */
    public long sleepsUntil(Thread thread) {
        Long until;
        while ((until = sleeps.get(thread)) == null) {
            Thread.yield();
        }
        return until;
    }

    /** Waits until a watchdog sleeps that will check no later than that. */
    public void settle(long latest) {
        Thread sleeper;
        while ((sleeper = watchdog) == null || sleeps.getOrDefault(sleeper, Long.MAX_VALUE) > latest) {
            Thread.yield();
        }
    }

    /** Advances to a moment, and waits until the watchdog has checked, if it is due, and sleeps or has ended. */
    public void advanceTo(long moment) {
        awaitSleep(now);
        now = moment;
        sleeps.forEach((sleeper, until) -> {
            if (until <= moment) {
                LockSupport.unpark(sleeper);
            }
        });
        awaitSleep(moment);
    }

    private void awaitSleep(long beyond) {
        Thread sleeper = watchdog;
        while (sleeper != null && sleeper.isAlive() && sleeps.getOrDefault(sleeper, beyond) <= beyond) {
            Thread.yield();
        }
    }

    /** Advances to the watchdog's next check; returns false if its thread has ended. */
    public boolean look() {
        Thread sleeper = watchdog;
        if (sleeper == null || !sleeper.isAlive()) {
            return false;
        }
        advanceTo(sleepsUntil(sleeper));
        return sleeper.isAlive();
    }

    /** Returns how long the watchdog sleeps, once it sleeps. */
    public long sleep() {
        settle(Long.MAX_VALUE - 1);
        Thread sleeper = watchdog;
        return sleeper == null ? 0 : sleepsUntil(sleeper) - now;
    }
}
