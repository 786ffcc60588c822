package dev.treaty.core.time;

import java.time.Instant;
import java.util.concurrent.locks.LockSupport;

/** The machine's own clocks: the only class that may read them. */
enum SystemTime implements Time {
    INSTANCE;

    @Override
    public Instant instant() {
        return Instant.now();
    }

    @Override
    public long nanoTime() {
        return System.nanoTime();
    }

    @Override
    public void park(Object blocker, long nanos) {
        LockSupport.parkNanos(blocker, nanos);
    }
}
