package dev.treaty.cli.up;

import dev.treaty.core.event.BackgroundThread;
import dev.treaty.core.event.Events;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * A child process that does not outlive its parent: its standard input is a pipe that ends with the parent, even if the
 * parent is killed, and {@link #close} kills a child that does not end in time.
 */
public final class ChildProcess implements AutoCloseable {
    /** The number of output lines kept for {@link #lastLines}. */
    static final int LINES_MAX = 20;

    /** How long a child gets to end before it is killed. */
    public static final Duration PATIENCE = Duration.ofSeconds(10);

    /** The system property with the JVM's cache for this process's class path, which the launcher made. */
    private static final String AOT_CACHE = "treaty.aot-cache";

    private final Process process;
    private final Deque<String> last = new ArrayDeque<>();
    private final Thread reader;

    private ChildProcess(Process process, Consumer<String> lines) {
        this.process = process;
        this.reader = BackgroundThread.startOnce("output of " + process.pid(), Events.NONE, () -> read(lines));
    }

    /**
     * Starts a program.
     *
     * @param environment added to the environment of this process
     * @param lines receives each line that the program prints, on either stream
     */
    public static ChildProcess start(List<String> command, Map<String, String> environment, Consumer<String> lines)
            throws IOException {
        var builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().putAll(environment);
        return new ChildProcess(builder.start(), lines);
    }

    /**
     * Returns the command that runs a Java class with the JVM of this process.
     *
     * @param options arguments for the JVM
     * @param classPath jars and directories
     */
    public static List<String> java(
            List<String> options, List<String> classPath, String mainClass, List<String> arguments) {
        var command = new ArrayList<String>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        String cache = System.getProperty(AOT_CACHE);
        boolean fits = classPath.equals(ownClassPath()) && options.stream().noneMatch(o -> o.startsWith("-Xshare"));
        if (cache != null && fits) {
            command.add("-XX:AOTCache=" + cache);
            command.add(
                    "-Xlog:aot*=off,cds*=off"); // a cache that does not fit the options is ignored without a warning
        }
        command.addAll(options);
        command.addAll(List.of("-cp", String.join(File.pathSeparator, classPath), mainClass));
        command.addAll(arguments);
        return command;
    }

    /** Returns the class path and the module path of this process. */
    public static List<String> ownClassPath() {
        return Stream.of("java.class.path", "jdk.module.path")
                .map(property -> System.getProperty(property, ""))
                .filter(path -> !path.isEmpty())
                .toList();
    }

    private void read(Consumer<String> lines) {
        try (BufferedReader output =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = output.readLine(); line != null; line = output.readLine()) {
                synchronized (last) {
                    last.addLast(line);
                    if (last.size() > LINES_MAX) {
                        last.removeFirst();
                    }
                }
                try {
                    lines.accept(line);
                } catch (RuntimeException e) { // the output must be read on, because the process would wait otherwise
                    BackgroundThread.report("output of " + process.pid(), Events.NONE, e);
                }
            }
        } catch (IOException e) {
            // the process has ended
        }
    }

    public long pid() {
        return process.pid();
    }

    public boolean alive() {
        return process.isAlive();
    }

    /** Completes with its exit code, after it has ended and its output has been read. */
    public CompletableFuture<Integer> exit() {
        return process.onExit().thenApply(ended -> {
            try {
                reader.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            return ended.exitValue();
        });
    }

    /** Returns the last lines that it printed, at most {@value #LINES_MAX}. */
    public List<String> lastLines() {
        synchronized (last) {
            return List.copyOf(last);
        }
    }

    /** Kills it with SIGKILL, and returns when it has ended. */
    public void kill() {
        process.destroyForcibly().onExit().join();
    }

    /** Sends SIGTERM. Unlike {@link Process#destroy}, this leaves its output open. */
    public void terminate() {
        process.toHandle().destroy();
    }

    /** Sends SIGSTOP: the process stays alive and connected, and does nothing. */
    public void freeze() throws IOException {
        signal("STOP");
    }

    /** Sends SIGCONT. */
    public void resume() throws IOException {
        signal("CONT");
    }

    /** Uses the {@code kill} that is built into the shell, since the program may not be installed. */
    private void signal(String name) throws IOException {
        var kill = new ProcessBuilder("sh", "-c", "kill -" + name + " " + pid())
                .redirectErrorStream(true)
                .start();
        String output = new String(kill.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (!output.isBlank()) {
            throw new IOException("SIG" + name + " could not be sent to process " + pid() + ": " + output.strip());
        }
    }

    /** Terminates it, and kills it if it does not end in time. */
    @Override
    public void close() {
        closeAll(List.of(this), PATIENCE);
    }

    /** Terminates all of them, and kills those that have not ended in time. */
    public static void closeAll(List<ChildProcess> children, Duration patience) {
        children.forEach(ChildProcess::terminate);
        long end = System.nanoTime() + patience.toNanos();
        boolean interrupted = false;
        for (ChildProcess child : children) {
            try {
                if (interrupted || !child.process.waitFor(end - System.nanoTime(), TimeUnit.NANOSECONDS)) {
                    child.kill();
                }
            } catch (InterruptedException e) {
                interrupted = true;
                child.kill();
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
