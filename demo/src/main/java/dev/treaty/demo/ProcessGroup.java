package dev.treaty.demo;

import dev.treaty.cli.CommandFailed;
import dev.treaty.cli.up.ChildProcess;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** All child processes of a demo and their files. {@link #close} kills the processes and deletes the files. */
final class ProcessGroup implements AutoCloseable {
    private final List<ChildProcess> children = new ArrayList<>();
    private @Nullable Path directory;
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

    /** Returns a directory for the files of the processes. */
    synchronized Path directory() throws IOException {
        if (directory == null) {
            directory = Files.createTempDirectory("treaty-demo");
        }
        return directory;
    }

    /** Returns the number of processes that run. */
    synchronized int size() {
        return (int) children.stream().filter(ChildProcess::alive).count();
    }

    /** Kills all processes, also frozen ones, and returns when they have ended. */
    @Override
    public synchronized void close() {
        closed = true;
        try (var kills = Executors.newVirtualThreadPerTaskExecutor()) {
            children.forEach(child -> kills.execute(child::kill));
        }
        if (directory != null) {
            try {
                new ProcessBuilder("rm", "-r", directory.toString())
                        .start()
                        .onExit()
                        .join();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
