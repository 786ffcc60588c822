package dev.treaty.http.server;

import dev.treaty.core.call.Deadline;
import dev.treaty.core.time.Time;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.ScheduledFuture;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The moment at which a connection waits no longer, which changes with every request. The event loop is asked to wake
 * it only if no earlier awakening is due, since most requests end long before. Used by the event loop only.
 */
final class ConnectionTimeout {
    private final EventExecutor loop;
    private final Time time;
    private final Runnable over;
    private @Nullable ScheduledFuture<?> awakening;
    private long awakeningNanos;
    private boolean set;
    private long endNanos;

    /** @param over called when the time is over */
    ConnectionTimeout(EventExecutor loop, Time time, Runnable over) {
        this.loop = loop;
        this.time = time;
        this.over = over;
    }

    /** Waits for a time that starts now. */
    void within(Duration duration) {
        within(duration, null);
    }

    /** Waits for a time that starts now, or until a deadline that is earlier. */
    void within(Duration duration, @Nullable Deadline deadline) {
        var end = new Deadline(time.nanoTime() + duration.toNanos());
        until(deadline == null ? end : end.earlier(deadline));
    }

    /** Waits until a deadline. */
    void until(Deadline deadline) {
        set = true;
        endNanos = deadline.atNanos();
        if (awakening == null || awakeningNanos - endNanos > 0) {
            schedule();
        }
    }

    /** Waits without a limit. */
    void stop() {
        set = false;
    }

    /** Never wakes again. */
    void close() {
        set = false;
        if (awakening != null) {
            awakening.cancel(false);
            awakening = null;
        }
    }

    private void schedule() {
        if (awakening != null) {
            awakening.cancel(false);
        }
        awakeningNanos = endNanos;
        awakening = loop.schedule(this::awake, Math.max(0, endNanos - time.nanoTime()), TimeUnit.NANOSECONDS);
    }

    private void awake() {
        awakening = null;
        if (!set) {
            return;
        }
        if (endNanos - time.nanoTime() > 0) {
            schedule();
        } else {
            set = false;
            over.run();
        }
    }
}
