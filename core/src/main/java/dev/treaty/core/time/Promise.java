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

    private record Waiter(Thread thread, @Nullable Object next) {}

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
        for (Object at = before; at instanceof Waiter waiter; at = waiter.next) {
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
        enlist();
        long end = time.nanoTime() + nanos;
        for (long left = nanos; (value = now()) == null && left > 0; left = end - time.nanoTime()) {
            time.park(this, left);
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
        }
        return value;
    }

    private void enlist() {
        Object before;
        do {
            before = state.get();
            if (before instanceof Done) {
                return;
            }
        } while (!state.compareAndSet(before, new Waiter(Thread.currentThread(), before)));
    }
}
