package dev.treaty.resilience;

import dev.treaty.core.time.Time;
import dev.treaty.resilience.timeout.Watchdog;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A time that a test moves on from one look of a watchdog to the next. It moves only while the watchdog sleeps, and
 * then waits until that has looked: so every run is the same.
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

    /** Until when that thread sleeps, once it does. */
    public long sleepsUntil(Thread thread) {
        Long until;
        while ((until = sleeps.get(thread)) == null) {
            Thread.yield();
        }
        return until;
    }

    /** Waits until a watchdog sleeps that will look no later than that. */
    public void settle(long latest) {
        Thread sleeper;
        while ((sleeper = watchdog) == null || sleeps.getOrDefault(sleeper, Long.MAX_VALUE) > latest) {
            Thread.yield();
        }
    }

    /** Moves on to that moment, and waits until the watchdog has looked, if it is to, and sleeps or has ended. */
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

    /** Moves on to the watchdog's next look, whenever that is; false where it has ended instead of going on. */
    public boolean look() {
        Thread sleeper = watchdog;
        if (sleeper == null || !sleeper.isAlive()) {
            return false;
        }
        advanceTo(sleepsUntil(sleeper));
        return sleeper.isAlive();
    }

    /** How long the watchdog sleeps from now on, once it does. */
    public long sleep() {
        settle(Long.MAX_VALUE - 1);
        Thread sleeper = watchdog;
        return sleeper == null ? 0 : sleepsUntil(sleeper) - now;
    }
}
