package dev.treaty.cli.up;

import dev.treaty.config.RunSettings;
import dev.treaty.registry.RegistryAddress;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** One instance of a service of ours, in a process that is started again when it ends. */
final class ServiceProcess implements AutoCloseable {
    /** The pause before a process is started again; it doubles each time. */
    static final Duration BACKOFF = Duration.ofMillis(500);

    /** The longest pause. */
    static final Duration BACKOFF_MAX = Duration.ofSeconds(15);

    /** A process that ran this long was well, and the next pause is the shortest again. */
    static final Duration WELL = Duration.ofSeconds(30);

    private final List<String> command;
    private final Map<String, String> environment;
    private final Consumer<String> lines;
    private final Thread keeper;
    private Optional<ChildProcess> child = Optional.empty();
    private boolean ended;

    private ServiceProcess(List<String> command, Map<String, String> environment, Consumer<String> lines) {
        this.command = command;
        this.environment = environment;
        this.lines = lines;
        this.keeper = Thread.ofVirtual().name("keeper of a process").unstarted(this::keep);
    }

    /** Starts the nth instance. */
    static ServiceProcess start(
            Path file, RunSettings.Hosted hosted, int number, RegistryAddress registry, PrefixedOutput lines) {
        var classPath = new ArrayList<String>();
        for (String entry : hosted.classPath()) {
            classPath.add(
                    file.toAbsolutePath().resolveSibling(entry).normalize().toString());
        }
        classPath.addAll(ChildProcess.ownClassPath());
        List<String> arguments = List.of(file.toString(), hosted.contract(), hosted.implementation());
        var environment = Map.of(
                "TREATY_REGISTRY", registry.toString(),
                "TREATY_SERVER_PORT", Integer.toString(hosted.port() == 0 ? 0 : hosted.port() + number));
        String name = hosted.contract().substring(hosted.contract().lastIndexOf('.') + 1) + "-" + (number + 1);
        var process = new ServiceProcess(
                ChildProcess.java(hosted.jvm(), classPath, ServiceMain.class.getName(), arguments),
                environment,
                lines.teller(name));
        process.keeper.start();
        return process;
    }

    private void keep() {
        long pause = BACKOFF.toNanos();
        try {
            while (true) {
                long start = System.nanoTime();
                Optional<ChildProcess> running = startChild();
                if (running.isEmpty()) {
                    return;
                }
                int exit = running.get().exit().join();
                if (over()) {
                    return;
                }
                pause = System.nanoTime() - start > WELL.toNanos() ? BACKOFF.toNanos() : pause;
                lines.accept("ended with exit code " + exit + "; starts again in " + pause / 1_000_000 + " ms");
                TimeUnit.NANOSECONDS.sleep(pause);
                pause = Math.min(2 * pause, BACKOFF_MAX.toNanos());
            }
        } catch (InterruptedException e) {
            // it is over
        } catch (IOException e) {
            lines.accept("cannot be started: " + e.getMessage());
        }
    }

    private synchronized Optional<ChildProcess> startChild() throws IOException {
        if (!ended) {
            child = Optional.of(ChildProcess.start(command, environment, lines));
        }
        return ended ? Optional.empty() : child;
    }

    private synchronized boolean over() {
        return ended;
    }

    /** Starts it no more; the process that runs now, if any, is for the caller to close. */
    synchronized Optional<ChildProcess> end() {
        ended = true;
        keeper.interrupt();
        return child;
    }

    @Override
    public void close() {
        end().ifPresent(ChildProcess::close);
    }
}
