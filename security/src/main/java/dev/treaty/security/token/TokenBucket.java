package dev.treaty.security.token;

import dev.treaty.core.time.Time;

/** Permits a number of events per second, and as many at once after idle time. It is thread-safe. */
public final class TokenBucket {
    private static final double NANOS_PER_SECOND = 1e9;

    private final Time time;
    private final double perSecond;
    private double left;
    private long at;

    /** @param perSecond the permits per second, and the most that are kept */
    public TokenBucket(Time time, double perSecond) {
        this.time = time;
        this.perSecond = perSecond;
        this.left = perSecond;
        this.at = time.nanoTime();
    }

    /** Takes a permit; returns false if there is none. */
    public synchronized boolean take() {
        long now = time.nanoTime();
        left = Math.min(perSecond, left + (now - at) / NANOS_PER_SECOND * perSecond);
        at = now;
        if (left < 1) {
            return false;
        }
        left--;
        return true;
    }

    /** Gives a permit back. */
    public synchronized void restore() {
        left = Math.min(perSecond, left + 1);
    }
}
