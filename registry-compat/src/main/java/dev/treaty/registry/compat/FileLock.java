package dev.treaty.registry.compat;

import java.io.IOException;
import java.util.concurrent.locks.ReentrantLock;

/** A lock for actions that may write files. */
final class FileLock {
    private final ReentrantLock lock = new ReentrantLock();

    interface Action<T> {
        T run() throws IOException;
    }

    /** Runs an action that writes no file. */
    void locked(Runnable action) {
        lock.lock();
        try {
            action.run();
        } finally {
            lock.unlock();
        }
    }

    <T> T run(Action<T> action) throws IOException {
        lock.lock();
        try {
            return action.run();
        } finally {
            lock.unlock();
        }
    }
}
