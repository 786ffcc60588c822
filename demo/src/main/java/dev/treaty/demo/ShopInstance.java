package dev.treaty.demo;

import dev.treaty.cli.CommandFailed;
import dev.treaty.cli.output.Style;
import dev.treaty.cli.up.ChildProcess;
import dev.treaty.core.time.Promise;
import dev.treaty.core.time.Time;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** One process of the shop: what it runs, and what is being done to it. */
final class ShopInstance {
    /** The longest that a process may take to start, on a machine that is busy with all the others. */
    static final Duration START = Duration.ofMinutes(2);

    /** What is being done to a process. */
    enum Condition {
        /** It is on its way. */
        STARTING(Style.ACTION),
        /** Nothing. */
        RUNNING(Style.GOOD),
        /** Stopped with SIGSTOP. */
        FROZEN(Style.FAULT),
        /** Made to wait before every call. */
        SLOW(Style.WARNING),
        /** Asked to end; it finishes what it has begun. */
        DRAINING(Style.ACTION),
        /** Ended with SIGKILL. */
        KILLED(Style.FAULT),
        /** Ended as it was asked to. */
        ENDED(Style.FAINT);

        private final Style style;

        Condition(Style style) {
            this.style = style;
        }

        Style style() {
            return style;
        }

        /** Whether there is still a process. */
        boolean alive() {
            return this != KILLED && this != ENDED;
        }
    }

    /**
     * What a process says of itself once it can be called, in a line of its own:
     * {@code ready SERVICE VERSION INSTANCE ADDRESS}, or {@code ready database - - URL}.
     */
    record Ready(String service, String version, String instance, URI address) {
        private static final String WORD = "ready";

        static Optional<Ready> parse(String line) {
            String[] words = line.split(" ", -1);
            return words.length == 5 && words[0].equals(WORD)
                    ? Optional.of(new Ready(words[1], words[2], words[3], URI.create(words[4])))
                    : Optional.empty();
        }
    }

    private final String name;
    private final ChildProcess child;
    private final Promise<Optional<Ready>> started;
    private volatile Condition condition = Condition.STARTING;

    private ShopInstance(String name, ChildProcess child, Promise<Optional<Ready>> started) {
        this.name = name;
        this.child = child;
        this.started = started;
    }

    /** Starts a process; it can be used once {@link #awaitReady} has returned. */
    static ShopInstance start(String name, List<String> command, Map<String, String> environment) throws IOException {
        var started = new Promise<Optional<Ready>>();
        var child = ChildProcess.start(
                command,
                environment,
                line -> Ready.parse(line).ifPresent(ready -> started.complete(Optional.of(ready))));
        Thread.startVirtualThread(() -> {
            child.exit().join();
            started.complete(Optional.empty());
        });
        return new ShopInstance(name, child, started);
    }

    /**
     * Waits until it can be called.
     *
     * @throws CommandFailed where it ended instead, or took too long
     */
    Ready awaitReady() throws InterruptedException {
        Optional<Ready> result = started.await(Time.system(), START.toNanos());
        if (result == null) {
            throw new CommandFailed(
                    name + " was not ready after " + START.toMinutes() + " minutes; it said: " + said());
        }
        Ready ready = result.orElseThrow(() -> new CommandFailed(name + " ended while starting; it said: " + said()));
        if (condition == Condition.STARTING) {
            condition = Condition.RUNNING;
        }
        return ready;
    }

    private String said() {
        List<String> lines = child.lastLines();
        return lines.isEmpty() ? "nothing" : String.join("\n  ", lines);
    }

    /** What it said of itself, once it has. */
    Optional<Ready> ready() {
        Optional<Ready> result = started.now();
        return result == null ? Optional.empty() : result;
    }

    /** The name of this process in the demo, such as {@code orders-2}. */
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
