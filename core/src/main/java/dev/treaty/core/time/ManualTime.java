package dev.treaty.core.time;

import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * A time that moves only when it is told to, for tests: a test that waits an hour takes no time, and one that passes
 * once passes always. Threads that {@link #park} wait until {@link #advance} reaches their moment.
 */
public final class ManualTime implements Time {
    private final Instant start;
    private final AtomicLong nanos = new AtomicLong();
    private final Collection<Sleeper> sleepers = new ConcurrentLinkedQueue<>();

    private record Sleeper(Thread thread, long untilNanos) {}

    /** A time that begins at the first instant of 2026. */
    public ManualTime() {
        this(Instant.parse("2026-01-01T00:00:00Z"));
    }

    /** A time that begins at that instant. */
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

    /** Moves on, and wakes every thread whose moment has come. */
    public void advance(Duration duration) {
        long now = nanos.addAndGet(duration.toNanos());
        for (Sleeper sleeper : sleepers) {
            if (sleeper.untilNanos - now <= 0) {
                LockSupport.unpark(sleeper.thread);
            }
        }
    }

    /**
     * How many threads wait for a moment that is still to come: what a test looks at before it moves on. One that
     * {@link #advance} has woken is not counted, even where it does not run yet.
     */
    public int sleepers() {
        long now = nanos.get();
        return (int) sleepers.stream()
                .filter(sleeper -> sleeper.untilNanos - now > 0)
                .count();
    }
}
