package dev.treaty.resilience.timeout;

import dev.treaty.core.time.Time;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Interrupts attempts at their timeout and starts hedges, for any number of calls on one thread: no timer is created,
 * queued or canceled per call.
 *
 * <p>A call arms a watch, which is a reused cell of a table, and disarms it at its end: a few uncontended
 * compare-and-sets. The watchdog sleeps until the earliest time it knows, then checks all watches. Most timeouts have
 * the same length, so a new watch is nearly always later than that time and the watchdog need not be woken; if it finds
 * no armed watch for a while it ends its thread, so that an idle guard costs nothing either.
 *
 * <p>A watch fires no later than the machine's scheduling allows, and never after {@link Watch#disarm} has returned.
 */
public final class Watchdog {
    private static final long FAR_NANOS = Long.MAX_VALUE / 4;
    private static final long LINGER_NANOS = 500_000_000;
    private static final int IDLE_CHECKS_MAX = 20;
    private static final int TABLE_MIN = 64;
    private static final int WATCHES_MAX = 1 << 20;
    private static final int PROBES = 8;

    private static final int FREE = 0;
    private static final int CLAIMED = 1;
    private static final int ARMED = 2;
    private static final int FIRING = 3;
    private static final int FIRED = 4;

    /** The timeout of one call; the value of the integer is its state. */
    public static final class Watch extends AtomicInteger {
        private static final long serialVersionUID = 1;

        private transient @Nullable Thread thread;
        private transient @Nullable Runnable action;
        private long atNanos;

        /** Claims the watch for a call, if it is free. */
        public boolean claim() {
            return get() == FREE && compareAndSet(FREE, CLAIMED);
        }

        /** Arms the watch, which the caller has claimed. */
        public void arm(Thread watched, long at, @Nullable Runnable then) {
            thread = watched;
            action = then;
            atNanos = at;
            set(ARMED);
        }

        /**
         * Disarms and frees the watch.
         *
         * @return whether it has fired; if it interrupted the thread, the interrupt has arrived
         */
        @SuppressWarnings("ThreadPriorityCheck")
        public // the firing thread may need this thread's processor
        boolean disarm() {
            boolean disarmed = compareAndSet(ARMED, CLAIMED);
            while (!disarmed && get() != FIRED) {
                Thread.yield(); // it is firing, or was about to and found that it is too early
                disarmed = compareAndSet(ARMED, CLAIMED);
            }
            thread = null;
            action = null;
            setRelease(FREE);
            return !disarmed;
        }

        boolean armed() {
            return get() == ARMED;
        }

        /** Fires if the time is up; returns the time of the next check. */
        public long check(long now, long next) {
            long at = atNanos;
            if (at - now > 0) {
                return at - next < 0 ? at : next;
            }
            if (compareAndSet(ARMED, FIRING)) {
                if (atNanos - now > 0) {
                    set(ARMED); // since the first look it was disarmed, and armed by a later call
                    return check(now, next);
                }
                fire();
            }
            return next;
        }

        private void fire() {
            try {
                if (action != null) {
                    action.run();
                } else if (thread != null) {
                    thread.interrupt();
                }
            } finally {
                set(FIRED);
            }
        }
    }

    private static final Watchdog SYSTEM = new Watchdog(Time.system(), WATCHES_MAX);

    private final Time time;
    private final int watchesMax;
    private volatile Watch[] table = watches(new Watch[0], TABLE_MIN);
    private volatile long nextCheck;
    private volatile @Nullable Thread runner;

    /** Creates a watchdog; the largest number of watches is a power of two, at least that of the first table. */
    Watchdog(Time time, int watchesMax) {
        this.time = time;
        this.watchesMax = watchesMax;
        this.nextCheck = time.nanoTime() + FAR_NANOS;
    }

    /** Returns the watchdog of a time: one for the system's time, a new one for any other. */
    public static Watchdog of(Time time) {
        return time.equals(Time.system()) ? SYSTEM : new Watchdog(time, WATCHES_MAX);
    }

    private static Watch[] watches(Watch[] known, int size) {
        var table = new Watch[size];
        for (int i = 0; i < size; i++) {
            table[i] = i < known.length ? known[i] : new Watch();
        }
        return table;
    }

    /**
     * Arms a watch.
     *
     * @param atNanos when to fire
     * @param action what to do then, quickly, on the watchdog's thread; null to interrupt the watched thread
     */
    public Watch arm(Thread watched, long atNanos, @Nullable Runnable action) {
        Watch watch = claim(watched);
        watch.arm(watched, atNanos, action);
        if (atNanos - nextCheck < 0) {
            wake(atNanos);
        }
        return watch;
    }

    private Watch claim(Thread watched) {
        int hash = (int) ((watched.threadId() * 0x9E3779B97F4A7C15L) >>> 40);
        while (true) {
            Watch[] all = table;
            int probes = all.length < watchesMax ? PROBES : all.length;
            for (int i = 0; i < probes; i++) {
                Watch watch = all[(hash + i) & (all.length - 1)];
                if (watch.claim()) {
                    return watch;
                }
            }
            grow(all);
        }
    }

    private synchronized void grow(Watch[] full) {
        if (full.length >= watchesMax) {
            throw new IllegalStateException(watchesMax + " calls have timeouts at a time, which is the limit");
        }
        if (table.length == full.length) {
            table = watches(full, full.length * 2);
        }
    }

    private synchronized void wake(long atNanos) {
        if (runner != null) {
            LockSupport.unpark(runner);
            return;
        }
        nextCheck = atNanos;
        // On the system's time a platform thread: it must fire even if all carriers of virtual threads are busy.
        var builder = time.equals(Time.system()) ? Thread.ofPlatform().daemon() : Thread.ofVirtual();
        runner = builder.name("treaty-watchdog").unstarted(this::run);
        runner.start();
    }

    private void run() {
        for (int idle = 0; idle < IDLE_CHECKS_MAX || !ended(); ) {
            long now = time.nanoTime();
            long next = now + LINGER_NANOS;
            nextCheck = next; // before the check: a call that arms from here on is seen, or wakes the watchdog
            boolean any = false;
            for (Watch watch : table) {
                if (watch.armed()) {
                    any = true;
                    next = watch.check(now, next);
                }
            }
            idle = any ? 0 : idle + 1;
            nextCheck = next;
            time.park(this, Math.max(1, next - time.nanoTime()));
        }
    }

    /** Ends the thread unless a watch was armed since the last check. */
    private synchronized boolean ended() {
        nextCheck = time.nanoTime() + FAR_NANOS;
        for (Watch watch : table) {
            if (watch.armed()) {
                return false;
            }
        }
        runner = null;
        return true;
    }
}
