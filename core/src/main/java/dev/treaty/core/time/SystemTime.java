package dev.treaty.core.time;

import java.time.Instant;
import java.util.concurrent.locks.LockSupport;

/** Reads the machine's clocks; no other class may do that. */
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
