package dev.treaty.core.time;

import java.util.concurrent.atomic.AtomicReference;

/**
 * Wakes the threads that wait for something to change, any number of times. A thread takes {@link #next} before it
 * looks at what may have changed, and waits for it afterwards, so that it misses no change.
 */
public final class Signal {
    private final AtomicReference<Promise<Boolean>> next = new AtomicReference<>(new Promise<>());

    /** Returns the promise that the next {@link #raise} keeps. */
    public Promise<Boolean> next() {
        return next.get();
    }

    /** Wakes the threads that wait. */
    public void raise() {
        next.getAndSet(new Promise<>()).complete(true);
    }
}
