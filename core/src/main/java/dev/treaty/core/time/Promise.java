package dev.treaty.core.time;

import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A cell that is filled once and that any number of threads may wait for: the building block of every timed wait in
 * Treaty, since the timed waits of {@code java.util.concurrent} read the machine's clock and could not be simulated.
 */
public final class Promise<T> {
    /** Holds a Waiter (or null) while open, then a Done. */
    private final AtomicReference<@Nullable Object> state = new AtomicReference<>();

    /** One of a chain of waiters, the newest first; one without a thread has left and is taken out of it. */
    private static final class Waiter {
        private volatile @Nullable Thread thread = Thread.currentThread();
        private volatile @Nullable Waiter next;
    }

    private record Done<T>(T value) {}

    /** Fills the cell and wakes every waiter; false where it had been filled before, which changes nothing. */
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

    /** The value, or null where there is none yet. */
    @SuppressWarnings("unchecked")
    public @Nullable T now() {
        return state.get() instanceof Done<?>(var value) ? (T) value : null;
    }

    /**
     * Waits for the value.
     *
     * @param nanos the longest wait; zero or less only looks
     * @return the value, or null where the time ran out first
     * @throws InterruptedException where the waiting thread was interrupted
     */
    public @Nullable T await(Time time, long nanos) throws InterruptedException {
        T value = now();
        if (value != null || nanos <= 0) {
            return value;
        }
        Waiter self = enlist();
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

    private Waiter enlist() {
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
     * Takes out whoever has left: a promise that is never kept, such as that of an end, is waited for again and again.
     * As in {@link java.util.concurrent.FutureTask}, those inside the chain are passed over without further ado, since
     * it does not matter whether somebody still meets them.
     */
    private void leave(Waiter self) {
        self.thread = null;
        while (!(state.get() instanceof Done) && !swept()) {
            Thread.onSpinWait();
        }
    }

    /** Goes along the chain once; false where others changed it meanwhile. */
    private boolean swept() {
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
                if (before.thread == null) { // it may be out of the chain itself by now
                    return false;
                }
            }
            at = next;
        }
        return true;
    }
}
