package dev.treaty.resilience;

import dev.treaty.core.call.Priority;
import dev.treaty.core.time.ManualTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** A limiter of one call at a time, which runs, and further calls that queue one after the other. */
final class Waiting {
    private static final Duration WAIT_MAX = Duration.ofHours(1);

    private final ManualTime time = new ManualTime();
    private final ConcurrencyLimiter limiter;
    private final List<Thread> threads = new ArrayList<>();
    private final List<Integer> admitted = Collections.synchronizedList(new ArrayList<>());
    private final List<Integer> refused = Collections.synchronizedList(new ArrayList<>());
    private final List<Integer> interrupted = Collections.synchronizedList(new ArrayList<>());

    Waiting(int queue) {
        limiter = new ConcurrencyLimiter(new ConcurrencyPolicy(false, 1, queue, WAIT_MAX), time);
        limiter.tryAcquire();
    }

    ConcurrencyLimiter limiter() {
        return limiter;
    }

    ManualTime time() {
        return time;
    }

    /** Starts a call; afterwards it waits or has its result, and so has a call that it displaced. */
    Thread start(Priority priority) throws InterruptedException {
        return start(priority, WAIT_MAX);
    }

    Thread start(Priority priority, Duration waitMax) throws InterruptedException {
        int number = threads.size();
        Thread thread = Thread.startVirtualThread(() -> run(number, priority, waitMax));
        threads.add(thread);
        settle();
        return thread;
    }

    /** Waits until each thread waits or has ended. */
    void settle() throws InterruptedException {
        int waiting;
        do {
            waiting = 0;
            for (Thread thread : threads) {
                while (thread.getState() != Thread.State.WAITING && thread.isAlive()) {
                    Thread.yield();
                }
                waiting += thread.isAlive() ? 1 : 0;
            }
        } while (waiting != limiter.queued());
    }

    private void run(int number, Priority priority, Duration waitMax) {
        try {
            if (limiter.acquire(priority, time.nanoTime(), waitMax.toNanos())) {
                admitted.add(number);
                limiter.release();
            } else {
                refused.add(number);
            }
        } catch (InterruptedException e) {
            interrupted.add(number);
        }
    }

    /** Ends the running call; the waiting calls are admitted in turn. */
    void releaseAll() throws InterruptedException {
        limiter.release();
        for (Thread thread : threads) {
            thread.join();
        }
    }

    List<Integer> admitted() {
        return admitted;
    }

    List<Integer> refused() {
        return refused;
    }

    List<Integer> interrupted() {
        return interrupted;
    }
}
