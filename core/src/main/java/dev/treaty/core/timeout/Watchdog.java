package dev.treaty.core.timeout;

import dev.treaty.core.event.BackgroundThread;
import dev.treaty.core.event.Events;
import dev.treaty.core.time.Time;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
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
 * Its thread inherits nothing from the call that happens to start it, and runs no code of callers: threads are
 * interrupted by an {@link Interrupter}, because that closes the channel that a thread is blocked on.
 */
public final class Watchdog {
    private static final long FAR_NANOS = Long.MAX_VALUE / 4;
    private static final long LINGER_NANOS = 500_000_000;
    private static final int IDLE_CHECKS_MAX = 20;
    private static final int TABLE_MIN = 64;
    private static final int WATCHES_MAX = 1 << 20;
    /** How many places a thread's watches may have, so that calls nested deeply do not make the table grow. */
    private static final int PROBES = 64;

    /** How many of them are neighbours. */
    private static final int NEIGHBOURS = 8;

    /** How long after an interrupt the next one follows, if the call has not ended. */
    private static final long AGAIN_NANOS = 100_000_000;

    /** The same, if the thread had been interrupted already by another: its interrupt may be consumed soon. */
    private static final long SOON_NANOS = 5_000_000;

    private static final int FREE = 0;
    private static final int CLAIMED = 1;
    private static final int ARMED = 2;
    /** An interrupt waits for a thread that makes it. */
    private static final int DUE = 3;

    private static final int FIRING = 4;
    /** It is firing, and the call waits for the end of that. */
    private static final int AWAITED = 5;

    private static final int SPINS = 1_000;

    /** The timeout of one call; the value of the integer is its state. */
    public static final class Watch extends AtomicInteger {
        private static final long serialVersionUID = 1;

        private transient @Nullable Thread thread;
        private transient @Nullable Runnable action;
        private transient @Nullable Thread awaiting;
        private long atNanos;
        private boolean fired;

        /** Whether the thread's interrupt flag was set by this watch, and is to be cleared at the end of the call. */
        private boolean flagged;

        /** Claims the watch for a call, if it is free. */
        public boolean claim() {
            return get() == FREE && compareAndSet(FREE, CLAIMED);
        }

        /** Arms the watch, which the caller has claimed. */
        public void arm(Thread watched, long at, @Nullable Runnable then) {
            thread = watched;
            action = then;
            atNanos = at;
            fired = false;
            flagged = false;
            set(ARMED);
        }

        /**
         * Disarms and frees the watch. If it has interrupted the current thread, clears the thread's interrupt flag,
         * unless that was set before by another.
         *
         * @return whether it has fired
         */
        public boolean disarm() {
            int spins = 0;
            while (!compareAndSet(ARMED, CLAIMED) && !compareAndSet(DUE, CLAIMED)) {
                awaitFired(spins++);
            }
            boolean result = fired;
            if (flagged && Thread.currentThread().equals(thread)) {
                Thread.interrupted();
            }
            thread = null;
            action = null;
            setRelease(FREE);
            return result;
        }

        /** It is firing, or was about to and found that it is too early. */
        @SuppressWarnings("ThreadPriorityCheck") // the firing thread may need this thread's processor
        private void awaitFired(int spins) {
            if (spins < SPINS) {
                Thread.yield();
                return;
            }
            awaiting = Thread.currentThread();
            if (!compareAndSet(FIRING, AWAITED)) {
                return;
            }
            boolean interrupted = false;
            while (get() == AWAITED) {
                LockSupport.park(this);
                interrupted |= Thread.interrupted(); // otherwise it would not park again
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }

        boolean armed() {
            return get() >= ARMED;
        }

        /**
         * Fires if the time is up.
         *
         * @param interrupts receives this watch if it has a thread to interrupt
         * @return the time of the next check
         */
        public long check(long now, long next, Consumer<Watch> interrupts) {
            long at = atNanos;
            if (at - now > 0) {
                return at - next < 0 ? at : next;
            }
            if (compareAndSet(ARMED, FIRING)) {
                if (atNanos - now > 0) {
                    fired(ARMED); // since the first look it was disarmed, and armed by a later call
                    return check(now, next, interrupts);
                }
                if (action != null) {
                    runSafely(action);
                    fired = true;
                    atNanos = now + FAR_NANOS; // once
                    fired(ARMED);
                } else {
                    fired(DUE);
                    interrupts.accept(this);
                }
            }
            return next;
        }

        /** Interrupts the thread, if the call has not ended. */
        void interrupt(long now) {
            Thread watched = thread;
            if (watched == null || !compareAndSet(DUE, FIRING)) {
                return; // the call has ended
            }
            boolean already = watched.isInterrupted();
            if (!already) {
                flagged = true;
                runSafely(watched::interrupt);
            }
            fired = true;
            atNanos = now + (already && !flagged ? SOON_NANOS : AGAIN_NANOS);
            fired(ARMED);
        }

        /** Leaves the state of firing. */
        private void fired(int next) {
            if (getAndSet(next) == AWAITED) {
                LockSupport.unpark(awaiting);
            }
        }

        /** Interrupts the current thread again if this watch has done so, and a call within its own consumed that. */
        void renew(Thread current) {
            if (fired && current.equals(thread) && compareAndSet(ARMED, CLAIMED)) {
                if (fired && action == null && current.equals(thread) && !current.isInterrupted()) {
                    flagged = true;
                    current.interrupt();
                }
                set(ARMED);
            }
        }
    }

    /** Runs code that may throw anything, which harms no other call. */
    private static void runSafely(Runnable code) {
        try {
            code.run();
        } catch (Throwable e) {
            BackgroundThread.report("treaty-watchdog", Events.NONE, e);
        }
    }

    private static final Watchdog SYSTEM = new Watchdog(Time.system(), WATCHES_MAX);

    private final Time time;
    private final int watchesMax;
    private final Interrupter interrupter;
    private final Consumer<Watch> interrupts;
    private volatile Watch[] table = watches(new Watch[0], TABLE_MIN);

    /** Whether watches may be at other places than those of their threads, because these were all taken. */
    private volatile boolean crowded;

    private volatile long nextCheck;
    private volatile @Nullable Thread runner;

    /** Creates a watchdog; the largest number of watches is a power of two, at least that of the first table. */
    Watchdog(Time time, int watchesMax) {
        this.time = time;
        this.watchesMax = watchesMax;
        this.interrupter = new Interrupter(time);
        this.interrupts = interrupter::add;
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
     * @param action what to do then, quickly, on the watchdog's thread; null to interrupt the watched thread, again and
     *     again until the watch is disarmed, since its code may swallow an interrupt
     */
    public Watch arm(Thread watched, long atNanos, @Nullable Runnable action) {
        Watch watch = claim(watched);
        watch.arm(watched, atNanos, action);
        if (atNanos - nextCheck < 0) {
            try {
                wake(atNanos);
            } catch (Throwable e) { // no thread can be started
                watch.disarm();
                throw e;
            }
        }
        return watch;
    }

    /**
     * Disarms a watch of the current thread. If it has interrupted the thread, an enclosing call whose time is up too
     * may have lost its interrupt, which is then repeated.
     *
     * @return whether it has fired
     */
    public boolean disarm(Watch watch) {
        boolean fired = watch.disarm();
        if (fired) {
            Thread current = Thread.currentThread();
            Watch[] all = table;
            for (int size = TABLE_MIN; size <= all.length; size *= 2) { // the table was of any of these sizes then
                for (int i = 0; i < PROBES; i++) {
                    all[place(current, i, size)].renew(current);
                }
            }
            for (int i = 0; crowded && i < all.length; i++) {
                all[i].renew(current);
            }
        }
        return fired;
    }

    private Watch claim(Thread watched) {
        while (true) {
            Watch[] all = table;
            for (int i = 0; i < PROBES; i++) {
                Watch watch = all[place(watched, i, all.length)];
                if (watch.claim()) {
                    return watch;
                }
            }
            if (all.length >= watchesMax) {
                return claimAny(all);
            }
            grow(all);
        }
    }

    private Watch claimAny(Watch[] all) {
        crowded = true;
        for (Watch watch : all) {
            if (watch.claim()) {
                return watch;
            }
        }
        throw new IllegalStateException(watchesMax + " calls have timeouts at a time, which is the limit");
    }

    /** Returns one of the places of a table of that size where a thread's watches may be. */
    private static int place(Thread watched, int probe, int size) {
        long seed = watched.threadId() + ((long) (probe / NEIGHBOURS) << Integer.SIZE);
        int hash = (int) ((seed * 0x9E3779B97F4A7C15L) >>> 40);
        return (hash + probe) & (size - 1);
    }

    private synchronized void grow(Watch[] full) {
        if (table.length == full.length) {
            table = watches(full, full.length * 2);
        }
    }

    private synchronized void wake(long atNanos) {
        if (runner != null && runner.isAlive()) {
            LockSupport.unpark(runner);
            return;
        }
        // On the system's time a platform thread: it must fire even if all carriers of virtual threads are busy.
        Thread thread = time.equals(Time.system())
                ? BackgroundThread.platform("treaty-watchdog", time, Events.NONE, this::run)
                : BackgroundThread.virtual("treaty-watchdog", time, Events.NONE, this::run);
        thread.start();
        nextCheck = atNanos;
        runner = thread;
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
                    next = watch.check(now, next, interrupts);
                }
            }
            if (!interrupter.idle()) {
                any = true;
                next = Math.min(next - now, Interrupter.STALL_NANOS) + now;
            }
            idle = any ? 0 : idle + 1;
            nextCheck = next;
            time.park(this, Math.max(1, next - time.nanoTime()));
            Thread.interrupted(); // a stray interrupt must not keep it from sleeping
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
