package dev.treaty.registry.spi;

import dev.treaty.core.call.ServiceException;
import dev.treaty.core.event.BackgroundThread;
import dev.treaty.registry.spi.Backend.Follower;
import dev.treaty.registry.spi.RegistryProvider.RegistryContext;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Follows a service of a backend on a virtual thread: runs a step again and again until it is closed. A step that fails
 * is reported, and the next one runs after a pause that grows with each failure in a row.
 */
public abstract class FollowerThread implements Backend.Following {
    private static final int DOUBLINGS_MAX = 5;

    /** Receives what the steps find. */
    protected final Follower follower;

    private final RegistryContext context;
    private final long pauseNanos;
    private final long pauseMaxNanos;
    private final String name;
    private volatile @Nullable Thread thread;
    private volatile boolean closed;

    /**
     * Creates the thread; {@link #started} starts it.
     *
     * @param name the name of the thread
     * @param pause the pause after the first failure, which each further one doubles
     * @param pauseMax the longest pause
     */
    protected FollowerThread(
            String name, RegistryContext context, Follower follower, Duration pause, Duration pauseMax) {
        this.follower = follower;
        this.context = context;
        this.pauseNanos = pause.toNanos();
        this.pauseMaxNanos = pauseMax.toNanos();
        this.name = name;
    }

    /** Starts the thread, and returns this. */
    public final FollowerThread started() {
        Thread started = BackgroundThread.virtual(name, context.time(), context.events(), this::run);
        thread = started;
        started.start();
        return this;
    }

    /**
     * Reads or awaits changes once.
     *
     * @return the pause before the next step, in nanoseconds
     */
    protected abstract long step() throws InterruptedException;

    /** Reports that a step has failed. */
    protected void failed(String message) {
        follower.failed(message);
    }

    /** Returns the pause after a number of failures in a row, with jitter, in nanoseconds. */
    protected final long pauseNanos(int failures) {
        long full = Math.min(pauseMaxNanos, pauseNanos << Math.min(failures, DOUBLINGS_MAX));
        return full / 2 + context.random().nextLong(full / 2 + 1);
    }

    /** Returns whether changes are no longer reported. */
    protected final boolean closed() {
        return closed;
    }

    private void run() throws InterruptedException {
        int failures = 0;
        while (!closed) {
            long pause;
            try {
                pause = step();
                failures = 0;
            } catch (RuntimeException e) {
                if (!closed) {
                    failed(e instanceof ServiceException s ? s.fault().message() : firstLine(e));
                }
                pause = pauseNanos(failures++);
            }
            if (pause > 0) {
                context.time().sleep(pause);
            }
        }
    }

    private static String firstLine(RuntimeException e) {
        return e.toString().lines().findFirst().orElse("");
    }

    @Override
    public void close() {
        closed = true;
        Thread started = thread;
        if (started != null) {
            started.interrupt();
        }
    }
}
