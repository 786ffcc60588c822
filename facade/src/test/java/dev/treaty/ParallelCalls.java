package dev.treaty;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/** Makes calls on four threads until it is closed, and counts those that fail. */
final class ParallelCalls implements AutoCloseable {
    private static final int THREADS = 4;

    final AtomicInteger calls = new AtomicInteger();
    final ConcurrentLinkedQueue<Throwable> failures = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean ended = new AtomicBoolean();
    private final List<Thread> threads = new ArrayList<>();

    /** @param call makes one call; what it throws is a failure */
    ParallelCalls(Runnable call) {
        for (int i = 0; i < THREADS; i++) {
            threads.add(Thread.startVirtualThread(() -> {
                while (!ended.get()) {
                    try {
                        call.run();
                    } catch (RuntimeException | AssertionError e) {
                        failures.add(e);
                    }
                    calls.incrementAndGet();
                }
            }));
        }
    }

    @Override
    public void close() {
        ended.set(true);
        for (Thread thread : threads) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
