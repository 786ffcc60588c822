package dev.treaty.core.time;

import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A value that is set once, and for which any number of threads can wait. All timed waits use it, because those of
 * {@code java.util.concurrent} read the machine's clock and cannot be simulated.
 */
public final class Promise<T> {
    /** A Waiter or null until the value is set, then a Done. */
    private final AtomicReference<@Nullable Object> state = new AtomicReference<>();

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
            removeWaiter(self);
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

    /**
     * Removes a waiter from the list, so that a promise for which threads wait repeatedly, such as that of a shutdown,
     * does not accumulate them. As in {@link java.util.concurrent.FutureTask}, inner elements are unlinked without
     * compare-and-set: it does not matter if another thread still visits them.
     */
    private void removeWaiter(Waiter self) {
        self.thread = null;
        while (!(state.get() instanceof Done) && !unlinkLeft()) {
            Thread.onSpinWait();
        }
    }

    /** Unlinks waiters without a thread; returns false if another thread has changed the list concurrently. */
    private boolean unlinkLeft() {
        Waiter before = null;
        for (Object at = state.get(); at instanceof Waiter waiter; ) {
            Waiter next = waiter.next;
            if (waiter.thread != null) {
                before = waiter;
            } else if (before == null) {
                if (!state.compareAndSet(waiter, next)) {
                    return false;
                }
            } else {
                before.next = next;
                if (before.thread == null) { // it may be unlinked itself
                    return false;
                }
            }
            at = next;
        }
        return true;
    }
}
