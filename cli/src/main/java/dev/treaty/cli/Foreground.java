package dev.treaty.cli;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Lets a long-running command close what it opened before the JVM exits: on SIGINT (Ctrl-C) or SIGTERM, {@link #await}
 * returns, and the JVM waits until the command's thread has closed what it opened and calls {@link #close}.
 */
public final class Foreground implements AutoCloseable {
    private final CountDownLatch ending = new CountDownLatch(1);
    private final CountDownLatch closed = new CountDownLatch(1);
    private final Thread hook;

    /** @param shutdownMax when the JVM exits even if the command is not closed */
    public Foreground(Duration shutdownMax) {
        this.hook = new Thread(
                () -> {
                    end();
                    try {
                        boolean _ = closed.await(shutdownMax.toNanos(), TimeUnit.NANOSECONDS);
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                },
                "treaty-shutdown");
        Runtime.getRuntime().addShutdownHook(hook);
    }

    /** Waits for a signal or {@link #end}. */
    public void await() throws InterruptedException {
        ending.await();
    }

    /** Ends the command as a signal does. */
    public void end() {
        ending.countDown();
    }

    /** Lets the JVM exit. */
    @Override
    public void close() {
        closed.countDown();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // the JVM is shutting down, and the hook has been notified
        }
    }
}
