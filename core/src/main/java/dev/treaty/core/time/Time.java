package dev.treaty.core.time;

import java.time.InstantSource;

/**
 * The one door to clocks and to timed waiting. Production passes {@link #system()}; the simulator passes virtual time,
 * and the very same blocking code then runs through hours in seconds.
 */
public interface Time extends InstantSource {
    /** A monotonic clock in nanoseconds, comparable only with itself: deadlines, leases, breakers, latencies. */
    long nanoTime();

    /**
     * Parks the current thread for at most that long, like
     * {@link java.util.concurrent.locks.LockSupport#parkNanos(Object, long)}: it may wake early, so call it in a loop.
     * Every timed wait of Treaty is built on it.
     */
    void park(Object blocker, long nanos);

    /**
     * Sleeps for that long; nothing to do where it is zero or less.
     *
     * @throws InterruptedException where the thread was interrupted, at once
     */
    default void sleep(long nanos) throws InterruptedException {
        long end = nanoTime() + nanos;
        for (long left = nanos; left > 0; left = end - nanoTime()) {
            park(this, left);
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
        }
    }

    /** The machine's own clocks. */
    static Time system() {
        return SystemTime.INSTANCE;
    }
}
