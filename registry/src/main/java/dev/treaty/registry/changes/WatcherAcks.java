package dev.treaty.registry.changes;

import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.time.Promise;
import dev.treaty.core.time.Time;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Who follows which service, and how far each has heard: what an instance that drains waits for.
 *
 * <p>A follower says up to which revision it has heard when it comes for more; so coming for more acknowledges what it
 * was told before. One that was told something and does not come back within {@link #PATIENCE} is taken to be gone:
 * otherwise a client that was killed would hold up every drain.
 */
public final class WatcherAcks {
    /** How long a follower that was told something may take to come back for more. */
    public static final Duration PATIENCE = Duration.ofSeconds(2);

    /** The most followers that are waited for; what comes on top is served, but nobody waits until it has heard. */
    static final int FOLLOWERS_MAX = 65_536;

    private static final class Follower {
        Map<ServiceName, Long> heard = Map.of();
        boolean here; // waits for news at this moment
        long goneNanos; // when it is taken to be gone, where it is not here

        boolean gone(long nowNanos) {
            return !here && goneNanos - nowNanos <= 0;
        }

        boolean waitedFor(ServiceName service, long revision) {
            Long upTo = heard.get(service);
            return upTo != null && upTo < revision;
        }
    }

    private final ReentrantLock lock = new ReentrantLock();
    private final Map<Object, Follower> followers = new HashMap<>();
    private Promise<Boolean> changed = new Promise<>();

    /** Somebody comes for more, having heard all up to the revision beside each service that it follows. */
    public void heard(Object who, Map<ServiceName, Long> upTo, long nowNanos) {
        lock.lock();
        try {
            if (followers.size() >= FOLLOWERS_MAX) {
                forgetGone(nowNanos);
            }
            Follower follower = followers.get(who);
            if (follower == null) {
                if (followers.size() >= FOLLOWERS_MAX) {
                    return;
                }
                follower = new Follower();
                followers.put(who, follower);
            }
            follower.heard = upTo;
            follower.here = true;
            tell();
        } finally {
            lock.unlock();
        }
    }

    /** Somebody was told something, and has to come back. */
    public void told(Object who, long nowNanos) {
        lock.lock();
        try {
            Follower follower = followers.get(who);
            if (follower != null) {
                follower.here = false;
                follower.goneNanos = nowNanos + PATIENCE.toNanos();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Somebody follows nothing any more. */
    public void left(Object who) {
        lock.lock();
        try {
            if (followers.remove(who) != null) {
                tell();
            }
        } finally {
            lock.unlock();
        }
    }

    private void tell() {
        changed.complete(true);
        changed = new Promise<>();
    }

    /** Stops knowing those who did not come back. */
    public void forgetGone(long nowNanos) {
        lock.lock();
        try {
            followers.values().removeIf(follower -> follower.gone(nowNanos));
        } finally {
            lock.unlock();
        }
    }

    /** How many follow that service. */
    int following(ServiceName service, long nowNanos) {
        lock.lock();
        try {
            return (int) followers.values().stream()
                    .filter(follower -> !follower.gone(nowNanos) && follower.heard.containsKey(service))
                    .count();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Waits until everybody who follows that service has heard all up to that revision.
     *
     * @param nanos the longest wait
     * @return how many have not heard when the time is over; 0 where all have
     */
    public int await(ServiceName service, long revision, Time time, long nanos) throws InterruptedException {
        long end = time.nanoTime() + nanos;
        while (true) {
            Promise<Boolean> next;
            int missing = 0;
            long now = time.nanoTime();
            long wait = end - now;
            lock.lock();
            try {
                next = changed;
                for (Follower follower : followers.values()) {
                    if (follower.waitedFor(service, revision) && !follower.gone(now)) {
                        missing++;
                        wait = follower.here ? wait : Math.min(wait, follower.goneNanos - now);
                    }
                }
            } finally {
                lock.unlock();
            }
            if (missing == 0 || end - now <= 0) {
                return missing;
            }
            next.await(time, wait);
        }
    }
}
