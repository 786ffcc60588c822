package dev.treaty.resilience.timeout;

import dev.treaty.core.time.Time;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Rings when a time is up, for any number of calls on one thread: no timer is made, queued or cancelled per call.
 *
 * <p>A call arms a watch, which is a reused cell of a table, and disarms it when it is over: a few uncontended
 * compare-and-sets. The watchdog sleeps until the earliest moment it knows of, then looks at all watches. Timeouts are
 * mostly alike, so a new watch is nearly always later than that moment and nobody has to be woken; after it has looked
 * and found nothing it looks again for a while before it sleeps for good, so that an idle guard costs nothing either.
 *
 * <p>No ring is late by more than the machine's own scheduling, and none comes after {@link #disarm} has returned.
 */
public final class Watchdog {
    private static final long FAR_NANOS = Long.MAX_VALUE / 4;
    private static final long LINGER_NANOS = 500_000_000;
    private static final int IDLE_LOOKS_MAX = 20;
    private static final int TABLE_MIN = 64;
    private static final int WATCHES_MAX = 1 << 20;
    private static final int PROBES = 8;

    private static final int FREE = 0;
    private static final int CLAIMED = 1;
    private static final int ARMED = 2;
    private static final int RINGING = 3;
    private static final int RANG = 4;

    /** One call's watch; its own value is its state. */
    public static final class Watch extends AtomicInteger {
        private static final long serialVersionUID = 1;

        private transient @Nullable Thread thread;
        private transient @Nullable Runnable action;
        private long atNanos;

        /** Takes it for a call, if it is free. */
        public boolean claim() {
            return get() == FREE && compareAndSet(FREE, CLAIMED);
        }

        /** Watches from now on; only for whoever has claimed it. */
        public void arm(Thread over, long at, @Nullable Runnable then) {
            thread = over;
            action = then;
            atNanos = at;
            set(ARMED);
        }

        /** Watches no longer, and is free; tells whether it has rung. */
        @SuppressWarnings("ThreadPriorityCheck")
        public // whoever rings may need the processor that this thread has
        boolean disarm() {
            boolean quiet = compareAndSet(ARMED, CLAIMED);
            while (!quiet && get() != RANG) {
                Thread.yield(); // it is ringing at this very moment, or was about to and found that it was early
                quiet = compareAndSet(ARMED, CLAIMED);
            }
            thread = null;
            action = null;
            setRelease(FREE);
            return !quiet;
        }

        boolean armed() {
            return get() == ARMED;
        }

        /** Rings where it is time; gives back when to look again. */
        public long look(long now, long next) {
            long at = atNanos;
            if (at - now > 0) {
                return at - next < 0 ? at : next;
            }
            if (compareAndSet(ARMED, RINGING)) {
                if (atNanos - now > 0) {
                    set(ARMED); // between the two looks it was disarmed, and armed by a later call
                    return look(now, next);
                }
                ring();
            }
            return next;
        }

        private void ring() {
            try {
                if (action != null) {
                    action.run();
                } else if (thread != null) {
                    thread.interrupt();
                }
            } finally {
                set(RANG);
            }
        }
    }

    private static final class Machine {
        private static final Watchdog WATCHDOG = new Watchdog(Time.system(), WATCHES_MAX);
    }

    private final Time time;
    private final int watchesMax;
    private final ReentrantLock lock = new ReentrantLock();
    private volatile Watch[] table = watches(new Watch[0], TABLE_MIN);
    private volatile long nextLook;
    private volatile @Nullable Thread runner;

    /** A watchdog of up to that many watches at once, a power of two and as many as it begins with or more. */
    Watchdog(Time time, int watchesMax) {
        this.time = time;
        this.watchesMax = watchesMax;
        this.nextLook = time.nanoTime() + FAR_NANOS;
    }

    /** The watchdog of that time: one for the whole machine's, an own one for any other. */
    public static Watchdog of(Time time) {
        return time.equals(Time.system()) ? Machine.WATCHDOG : new Watchdog(time, WATCHES_MAX);
    }

    private static Watch[] watches(Watch[] known, int size) {
        var table = new Watch[size];
        for (int i = 0; i < size; i++) {
            table[i] = i < known.length ? known[i] : new Watch();
        }
        return table;
    }

    /**
     * Watches over a thread from now on.
     *
     * @param atNanos when to ring
     * @param action what to do then, on the watchdog's thread, quickly; null to interrupt the thread
     */
    public Watch arm(Thread thread, long atNanos, @Nullable Runnable action) {
        Watch watch = claim(thread);
        watch.arm(thread, atNanos, action);
        if (atNanos - nextLook < 0) {
            wake(atNanos);
        }
        return watch;
    }

    private Watch claim(Thread thread) {
        int hash = (int) ((thread.threadId() * 0x9E3779B97F4A7C15L) >>> 40);
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

    private void grow(Watch[] seen) {
        lock.lock();
        try {
            if (seen.length >= watchesMax) {
                throw new IllegalStateException(
                        watchesMax + " calls are being watched over at once, which is the limit");
            }
            if (table.length == seen.length) {
                table = watches(seen, seen.length * 2);
            }
        } finally {
            lock.unlock();
        }
    }

    private void wake(long atNanos) {
        lock.lock();
        try {
            if (runner != null) {
                LockSupport.unpark(runner);
                return;
            }
            nextLook = atNanos;
            // Under the machine's time a thread of its own: it must ring though all carriers of virtual threads be
            // busy.
            var builder = time.equals(Time.system()) ? Thread.ofPlatform().daemon() : Thread.ofVirtual();
            runner = builder.name("treaty-watchdog").unstarted(this::look);
            runner.start();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Watches no longer.
     *
     * @return whether it has rung; where it interrupted the thread, the interrupt has arrived by now
     */
    public boolean disarm(Watch watch) {
        return watch.disarm();
    }

    private void look() {
        for (int idle = 0; idle < IDLE_LOOKS_MAX || !ended(); ) {
            long now = time.nanoTime();
            long next = now + LINGER_NANOS;
            nextLook = next; // before looking: whoever arms from here on either is seen or sees this
            boolean any = false;
            for (Watch watch : table) {
                if (watch.armed()) {
                    any = true;
                    next = watch.look(now, next);
                }
            }
            idle = any ? 0 : idle + 1;
            nextLook = next;
            time.park(this, Math.max(1, next - time.nanoTime()));
        }
    }

    /** Lets the thread end, unless somebody has armed a watch meanwhile. */
    private boolean ended() {
        lock.lock();
        try {
            nextLook = time.nanoTime() + FAR_NANOS;
            for (Watch watch : table) {
                if (watch.armed()) {
                    return false;
                }
            }
            runner = null;
            return true;
        } finally {
            lock.unlock();
        }
    }
}
