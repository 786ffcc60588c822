package dev.treaty.core.time;

import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A value that is set once, and for which any number of threads can wait. All timed waits use it, because those of
 * {@code java.util.concurrent} read the machine's clock and cannot be simulated.
 */
public final class Promise<T> {
    /** Fewer waiters that have left are not worth a walk through the list. */
    private static final int LEFT_MIN = 16;

    /** A Waiter or null until the value is set, then a Done. */
    private final AtomicReference<@Nullable Object> state = new AtomicReference<>();

    private int left; // waiters that have left since those were unlinked last
    private int waiting; // waiters that had not left then

    /** An element of the linked list of waiters, the newest first; without a thread once it has stopped waiting. */
    private static final class Waiter {
        private volatile @Nullable Thread thread = Thread.currentThread();
        private volatile @Nullable Waiter next;
    }

    private record Done<T>(T value) {}

    /** Sets the value and wakes all waiters; returns false without effect if it was set before. */
    public boolean complete(T value) {
        Object before;
        do {
            before = state.get();
            if (before instanceof Done) {
                return false;
            }
        } while (!state.compareAndSet(before, new Done<>(value)));
        for (var waiter = (Waiter) before; waiter != null; waiter = waiter.next) {
            LockSupport.unpark(waiter.thread);
        }
        return true;
    }

    /** Returns the value, or null if it is not set yet. */
    @SuppressWarnings("unchecked")
    public @Nullable T now() {
        return state.get() instanceof Done<?>(var value) ? (T) value : null;
    }

    /**
     * Waits for the value.
     *
     * @param nanos the maximum wait; with zero or less it returns immediately
     * @return the value, or null if the time is over
     * @throws InterruptedException if the waiting thread is interrupted
     */
    public @Nullable T await(Time time, long nanos) throws InterruptedException {
        T value = now();
        if (value != null || nanos <= 0) {
            return value;
        }
        Waiter self = addWaiter();
        try {
            long end = time.nanoTime() + nanos;
            for (long left = nanos; (value = now()) == null && left > 0; left = end - time.nanoTime()) {
                time.park(this, left);
                if (Thread.interrupted()) {
                    throw new InterruptedException();
                }
            }
            return value;
        } finally {
            leave(self);
        }
    }

    private Waiter addWaiter() {
        var self = new Waiter();
        Object before;
        do {
            before = state.get();
            if (before instanceof Done) {
                return self;
            }
            self.next = (Waiter) before;
        } while (!state.compareAndSet(before, self));
        return self;
    }

    private void leave(Waiter self) {
        self.thread = null;
        if (!(state.get() instanceof Done)) {
            countLeft();
        }
    }

    /**
     * Unlinks the waiters that have left once they outnumber the others. So a promise for which threads wait
     * repeatedly, such as that of a shutdown, does not accumulate them, and a crowd that leaves at the same time does
     * not walk through the list once for each.
     */
    private synchronized void countLeft() {
        left++;
        if (left <= Math.max(LEFT_MIN, waiting)) {
            return;
        }
        left = 0;
        waiting = 0;
        Waiter before = null;
        for (Object at = state.get(); at instanceof Waiter waiter; at = waiter.next) {
            if (waiter.thread != null) {
                before = waiter;
                waiting++;
            } else if (before != null) {
                before.next = waiter.next;
            } else {
                state.compareAndSet(waiter, waiter.next); // if another one was added, this is unlinked the next time
            }
        }
    }
}
