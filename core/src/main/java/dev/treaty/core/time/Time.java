package dev.treaty.core.time;

import java.time.InstantSource;

/**
 * The clocks and timed waits that all code uses: production has {@link #system()}, tests and simulations have another
 * implementation, so that the same blocking code runs through hours in seconds.
 */
public interface Time extends InstantSource {
    /** Returns a monotonic clock in nanoseconds, comparable only with itself: for deadlines, leases and latencies. */
    long nanoTime();

    /**
     * Parks the current thread for at most this time, like
     * {@link java.util.concurrent.locks.LockSupport#parkNanos(Object, long)}: it may return early, so call it in a
     * loop. All timed waits use it.
     */
    void park(Object blocker, long nanos);

    /**
     * Sleeps for this time; returns immediately if it is zero or less.
     *
     * @throws InterruptedException if the thread is interrupted
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

    /** Returns the machine's clocks. */
    static Time system() {
        return SystemTime.INSTANCE;
    }
}
