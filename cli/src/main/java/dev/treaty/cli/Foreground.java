package dev.treaty.cli;

import dev.treaty.core.time.Promise;
import dev.treaty.core.time.Time;
import java.time.Duration;

/**
 * Lets a long-running command close what it opened before the JVM exits: on SIGINT (Ctrl-C) or SIGTERM, {@link #await}
 * returns, and the JVM waits until the command's thread has closed what it opened and calls {@link #close}.
 */
public final class Foreground implements AutoCloseable {
    private static final Duration SHUTDOWN_MAX = Duration.ofSeconds(25);

    private final Promise<Boolean> ending = new Promise<>();
    private final Promise<Boolean> closed = new Promise<>();
    private final Thread hook;

    /** @param onSignal run in the shutdown hook, after {@link #await} is woken */
    public Foreground(Runnable onSignal) {
        this(onSignal, SHUTDOWN_MAX);
    }

    /**
     * @param onSignal run in the shutdown hook, after {@link #await} is woken
     * @param shutdownMax when the JVM exits even if the command is not closed
     */
    public Foreground(Runnable onSignal, Duration shutdownMax) {
        this.hook = new Thread(
                () -> {
                    end();
                    onSignal.run();
                    try {
                        closed.await(Time.system(), shutdownMax.toNanos());
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                },
                "treaty-shutdown");
        Runtime.getRuntime().addShutdownHook(hook);
    }

    /** Waits for a signal or {@link #end}. */
    public void await() throws InterruptedException {
        while (ending.await(Time.system(), Duration.ofHours(1).toNanos()) == null) {
            // waits again
        }
    }

    /** Ends the command as a signal does. */
    public void end() {
        ending.complete(true);
    }

    /** Returns true after a signal or {@link #end}. */
    public boolean asked() {
        return ending.now() != null;
    }

    /** Lets the JVM exit. */
    @Override
    public void close() {
        closed.complete(true);
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // the JVM is shutting down, and the hook has been notified
        }
    }
}
