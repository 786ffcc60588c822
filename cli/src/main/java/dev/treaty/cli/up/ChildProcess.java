package dev.treaty.cli.up;

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

/**
 * A process that this one started. It does not outlive this one: its standard input is a pipe that ends when we do,
 * however we end, and {@link #close} kills what does not end by itself, even where it is frozen.
 */
public final class ChildProcess implements AutoCloseable {
    /** The most lines of its output that are kept for when it fails. */
    static final int LINES_MAX = 20;

    /** How long a child may take to end by itself once it was asked to. */
    public static final Duration PATIENCE = Duration.ofSeconds(10);

    /** The system property with the JVM's cache for this process's class path, which the launcher made. */
    private static final String AOT_CACHE = "treaty.aot-cache";

    private final Process process;
    private final Deque<String> last = new ArrayDeque<>();
    private final Thread reader;

    private ChildProcess(Process process, Consumer<String> lines) {
        this.process = process;
        this.reader = Thread.ofVirtual().name("output of " + process.pid()).start(() -> read(lines));
    }

    /**
     * Starts a program.
     *
     * @param environment set on top of our own
     * @param lines told every line that it prints, on either stream
     */
    public static ChildProcess start(List<String> command, Map<String, String> environment, Consumer<String> lines)
            throws IOException {
        var builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().putAll(environment);
        return new ChildProcess(builder.start(), lines);
    }

    /**
     * The command that runs a Java class with the Java that we run on ourselves.
     *
     * @param options for the virtual machine
     * @param classPath jars and folders
     */
    public static List<String> java(
            List<String> options, List<String> classPath, String mainClass, List<String> arguments) {
        var command = new ArrayList<String>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        String cache = System.getProperty(AOT_CACHE);
        boolean fits = classPath.equals(ownClassPath()) && options.stream().noneMatch(o -> o.startsWith("-Xshare"));
        if (cache != null && fits) {
            command.add("-XX:AOTCache=" + cache);
            command.add("-Xlog:aot*=off,cds*=off"); // a cache that does not fit the options is no reason to complain
        }
        command.addAll(options);
        command.addAll(List.of("-cp", String.join(File.pathSeparator, classPath), mainClass));
        command.addAll(arguments);
        return command;
    }

    /** Where this process itself found its classes, on the class path or the module path. */
    public static List<String> ownClassPath() {
        var entries = new ArrayList<String>();
        for (String property : List.of("java.class.path", "jdk.module.path")) {
            String path = System.getProperty(property, "");
            if (!path.isEmpty()) {
                entries.add(path);
            }
        }
        return entries;
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
                lines.accept(line);
            }
        } catch (IOException e) {
            // the process is gone, and with it the other end of the pipe
        }
    }

    public long pid() {
        return process.pid();
    }

    public boolean alive() {
        return process.isAlive();
    }

    /** The processes that it has started itself and that run now. */
    public List<ProcessHandle> children() {
        return process.children().toList();
    }

    /** Its exit code, once it has ended and all it said was read. */
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

    /** The last lines that it printed. */
    public List<String> lastLines() {
        synchronized (last) {
            return List.copyOf(last);
        }
    }

    /** Ends it as a crash would: SIGKILL, no chance to say goodbye; frozen or not, it is gone when this returns. */
    public void kill() {
        process.destroyForcibly().onExit().join();
    }

    /** Asks it to end: SIGTERM. Not by {@link Process#destroy}, which also closes what it says at the end. */
    public void terminate() {
        process.toHandle().destroy();
    }

    /** Freezes it: SIGSTOP. It stays alive and connected and does nothing. */
    public void freeze() throws IOException {
        signal("STOP");
    }

    /** Lets it go on: SIGCONT. */
    public void resume() throws IOException {
        signal("CONT");
    }

    /** Through the shell, whose own {@code kill} is there even where no such program is installed. */
    private void signal(String name) throws IOException {
        var kill = new ProcessBuilder("sh", "-c", "kill -" + name + " " + pid())
                .redirectErrorStream(true)
                .start();
        String said = new String(kill.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (!said.isBlank()) {
            throw new IOException("SIG" + name + " could not be sent to process " + pid() + ": " + said.strip());
        }
    }

    /** Asks it to end, and kills it where it does not. */
    @Override
    public void close() {
        closeAll(List.of(this), PATIENCE);
    }

    /** Closes all of them at the same time; together they take no longer than one. */
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
