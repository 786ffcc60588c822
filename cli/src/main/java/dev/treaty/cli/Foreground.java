package dev.treaty.cli;

import dev.treaty.core.time.Promise;
import dev.treaty.core.time.Time;
import java.time.Duration;

/**
 * A command that goes on until somebody ends it. Ctrl-C and SIGTERM make the JVM run its shutdown hooks and nothing
 * else; this one lets the command's own thread come to its end, close what it opened and say what it has to say.
 */
public final class Foreground implements AutoCloseable {
    /** How long a command may take to end once it was asked to. */
    static final Duration PATIENCE = Duration.ofSeconds(25);

    private final Promise<Boolean> asked = new Promise<>();
    private final Promise<Boolean> ended = new Promise<>();
    private final Thread hook;

    /** @param end run when somebody asks the command to end, besides waking {@link #await} */
    public Foreground(Runnable end) {
        this.hook = new Thread(
                () -> {
                    asked.complete(true);
                    end.run();
                    try {
                        ended.await(Time.system(), PATIENCE.toNanos());
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                },
                "end of the command");
        Runtime.getRuntime().addShutdownHook(hook);
    }

    /** Waits until somebody asks the command to end. */
    public void await() throws InterruptedException {
        while (asked.await(Time.system(), Duration.ofHours(1).toNanos()) == null) {
            // goes on
        }
    }

    /** True once somebody has. */
    public boolean asked() {
        return asked.now() != null;
    }

    /** The command is over; the process may end. */
    @Override
    public void close() {
        ended.complete(true);
        if (!asked()) {
            try {
                Runtime.getRuntime().removeShutdownHook(hook);
            } catch (IllegalStateException e) {
                // somebody asks just now; the hook finds that we are done
            }
        }
    }
}
