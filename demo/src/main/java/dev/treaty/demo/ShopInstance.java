package dev.treaty.demo;

import dev.treaty.cli.CommandFailed;
import dev.treaty.cli.up.ChildProcess;
import dev.treaty.core.time.Promise;
import dev.treaty.core.time.Time;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** One process of the shop, and what the demo has done to it. */
final class ShopInstance {
    /** How long a process may take to start. It is generous, since all start at the same time. */
    static final Duration START_MAX = Duration.ofMinutes(2);

    /** What the demo does to a process. */
    enum Condition {
        STARTING,
        RUNNING,
        /** Stopped with SIGSTOP. */
        FROZEN,
        /** Delays each call. */
        SLOW,
        /** Completes its calls after SIGTERM. */
        DRAINING,
        /** Ended with SIGKILL. */
        KILLED,
        /** Ended after SIGTERM. */
        ENDED;

        /** Returns true unless the process has ended. */
        boolean alive() {
            return this != KILLED && this != ENDED;
        }
    }

    /**
     * The line that a process prints when it can be called: {@code ready SERVICE VERSION INSTANCE ADDRESS}, or
     * {@code ready database - - URL}.
     */
    record Ready(String service, String version, String instance, URI address) {
        static Optional<Ready> parse(String line) {
            String[] words = line.split(" ", -1);
            return words.length == 5 && words[0].equals("ready")
                    ? Optional.of(new Ready(words[1], words[2], words[3], URI.create(words[4])))
                    : Optional.empty();
        }
    }

    private final String name;
    private final ChildProcess child;
    private final Promise<Optional<Ready>> ready;
    private volatile Condition condition = Condition.STARTING;

    private ShopInstance(String name, ChildProcess child, Promise<Optional<Ready>> ready) {
        this.name = name;
        this.child = child;
        this.ready = ready;
    }

    /** Starts a process. It can be used once {@link #awaitReady} has returned. */
    static ShopInstance start(
            String name, ProcessGroup processes, List<String> command, Map<String, String> environment)
            throws IOException {
        var ready = new Promise<Optional<Ready>>();
        var child = processes.start(
                command,
                environment,
                line -> Ready.parse(line).ifPresent(parsed -> ready.complete(Optional.of(parsed))));
        var _ = child.exit().thenRun(() -> ready.complete(Optional.empty()));
        return new ShopInstance(name, child, ready);
    }

    /**
     * Waits until the process can be called.
     *
     * @throws CommandFailed if it ends instead, or takes too long
     */
    Ready awaitReady() throws InterruptedException {
        Optional<Ready> result = ready.await(Time.system(), START_MAX.toNanos());
        if (result == null || result.isEmpty()) {
            throw new CommandFailed(name + (result == null ? " takes too long to start" : " ended while starting")
                    + "; its last output:\n  " + String.join("\n  ", child.lastLines()));
        }
        if (condition == Condition.STARTING) {
            condition = Condition.RUNNING;
        }
        return result.get();
    }

    /** Returns what the process printed when it was ready, if it is. */
    Optional<Ready> ready() {
        Optional<Ready> result = ready.now();
        return result == null ? Optional.empty() : result;
    }

    /** Returns the name in the demo, such as {@code orders-2}. */
    String name() {
        return name;
    }

    ChildProcess child() {
        return child;
    }

    Condition condition() {
        return condition;
    }

    void condition(Condition changed) {
        condition = changed;
    }
}
