package dev.treaty.core.timeout;

import dev.treaty.core.event.BackgroundThread;
import dev.treaty.core.event.Events;
import dev.treaty.core.time.Promise;
import dev.treaty.core.time.Signal;
import dev.treaty.core.time.Time;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Interrupts the threads whose time is up, for a {@link Watchdog}. An interrupt closes the channel that a thread is
 * blocked on, which is code of that channel: it may throw, or take seconds. So interrupts have threads of their own; if
 * one of them makes no progress for {@value #STALL_NANOS} ns, another takes over the rest.
 */
final class Interrupter {
    /** How long no interrupt may end while others wait, before there is another thread. */
    static final long STALL_NANOS = 5_000_000;

    private static final int THREADS_MAX = 1_000;
    private static final long LINGER_NANOS = 1_000_000_000;

    private final Time time;
    private final Queue<Watchdog.Watch> due = new ConcurrentLinkedQueue<>();
    private final AtomicInteger threads = new AtomicInteger();
    private final Signal more = new Signal();
    private volatile Watchdog.@Nullable Watch firstBefore;

    Interrupter(Time time) {
        this.time = time;
    }

    /** Interrupts the thread of a watch, soon. Only the watchdog calls it. */
    void add(Watchdog.Watch watch) {
        due.add(watch);
        more.raise();
        if (threads.get() == 0) {
            start();
        }
    }

    /** Returns whether no interrupt waits; starts another thread if none has begun since the last look. */
    boolean idle() {
        Watchdog.Watch first = due.peek();
        if (first != null && first.equals(firstBefore) && threads.get() < THREADS_MAX) {
            start();
        }
        firstBefore = first;
        return first == null;
    }

    private void start() {
        String name = "treaty-interrupter";
        (time.equals(Time.system())
                        ? BackgroundThread.platform(name, time, Events.NONE, this::run)
                        : BackgroundThread.virtual(name, time, Events.NONE, this::run))
                .start();
        threads.incrementAndGet();
    }

    private void run() {
        boolean lingers = true;
        while (lingers) {
            Promise<Boolean> next = more.next(); // before the look, so that no watch is missed
            for (Watchdog.Watch watch = due.poll(); watch != null; watch = due.poll()) {
                watch.interrupt(time.nanoTime());
            }
            try {
                lingers = next.await(time, LINGER_NANOS) != null;
            } catch (InterruptedException _) {
                // A stray interrupt, which does not end this thread.
            }
        }
        threads.decrementAndGet(); // a watch that was added just now is found by the next look
    }
}
