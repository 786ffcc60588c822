package dev.treaty.core.time;

import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * A clock for tests that moves only when {@link #advance} is called: a test that waits for an hour takes no real time,
 * and is deterministic. Threads that {@link #park} are woken when the clock reaches the end of their wait.
 */
public final class ManualTime implements Time {
    private final Instant start;
    private final AtomicLong nanos = new AtomicLong();
    private final Set<Sleeper> sleepers = ConcurrentHashMap.newKeySet();

    private record Sleeper(Thread thread, long untilNanos) {}

    /** A clock that starts at the first instant of 2026. */
    public ManualTime() {
        this(Instant.parse("2026-01-01T00:00:00Z"));
    }

    /** A clock that starts at this instant. */
    public ManualTime(Instant start) {
        this.start = start;
    }

    @Override
    public Instant instant() {
        return start.plusNanos(nanos.get());
    }

    @Override
    public long nanoTime() {
        return nanos.get();
    }

    @Override
    public void park(Object blocker, long duration) {
        var sleeper = new Sleeper(Thread.currentThread(), nanos.get() + duration);
        sleepers.add(sleeper);
        try {
            if (sleeper.untilNanos - nanos.get() > 0) {
                LockSupport.park(blocker);
            }
        } finally {
            sleepers.remove(sleeper);
        }
    }

    /** Advances the clock, and wakes every thread whose wait has ended. */
    public void advance(Duration duration) {
        long now = nanos.addAndGet(duration.toNanos());
        for (Sleeper sleeper : sleepers) {
            if (sleeper.untilNanos - now <= 0) {
                LockSupport.unpark(sleeper.thread);
            }
        }
    }

    /**
     * Returns the number of waiting threads, which tests check before they advance the clock. A thread that {@link
     * #advance} has woken is not counted, even if it does not run yet.
     */
    public int sleepers() {
        long now = nanos.get();
        return (int) sleepers.stream()
                .filter(sleeper -> sleeper.untilNanos - now > 0)
                .count();
    }
}
