package dev.treaty.demo;

import dev.treaty.cli.CommandFailed;
import dev.treaty.cli.up.ChildProcess;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** All child processes of a demo. */
final class ProcessGroup implements AutoCloseable {
    private final List<ChildProcess> children = new ArrayList<>();
    private boolean closed;

    /**
     * Starts a process.
     *
     * @param lines receives what the process prints
     * @throws CommandFailed if the group is closed
     */
    synchronized ChildProcess start(List<String> command, Map<String, String> environment, Consumer<String> lines)
            throws IOException {
        if (closed) {
            throw new CommandFailed("the demo is over");
        }
        var child = ChildProcess.start(command, environment, lines);
        children.add(child);
        return child;
    }

    /** Returns the number of processes that run. */
    synchronized int size() {
        return (int) children.stream().filter(ChildProcess::alive).count();
    }

    /** Kills all processes, also frozen ones, and returns when they have ended. */
    @Override
    public synchronized void close() {
        closed = true;
        ChildProcess.closeAll(children, Duration.ZERO);
    }
}
