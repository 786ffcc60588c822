package dev.treaty.cli.up;

import dev.treaty.cli.config.LayerOptions;
import dev.treaty.config.RunSettings;
import dev.treaty.config.Settings;
import dev.treaty.core.event.BackgroundThread;
import dev.treaty.core.event.Events;
import dev.treaty.core.time.Time;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One instance of a service in a process of its own. A process that ends is restarted, with growing pauses, unless none
 * has been ready yet: then it would fail again for the same reason.
 */
final class ServiceProcess {
    private static final Duration PAUSE_MIN = Duration.ofMillis(500);
    private static final Duration PAUSE_MAX = Duration.ofSeconds(15);

    /** A process that ran this long resets the pause. */
    private static final Duration STABLE = Duration.ofSeconds(30);

    /** Options that make services log from INFO on, and Treaty in them from WARN on. */
    private static final List<String> LOGGING = List.of("-Dtreaty.log.services=INFO", "-Dtreaty.log=WARN");

    private final String name;
    private final List<String> command;
    private final Map<String, String> environment;
    private final Consumer<String> lines;
    private final CompletableFuture<Optional<String>> started = new CompletableFuture<>();
    private volatile String failure = "";
    private Optional<ChildProcess> child = Optional.empty();
    private boolean stopped;
    private final Thread supervisor;

    /**
     * Starts the instance with this number.
     *
     * @param variables further variables of its processes
     */
    ServiceProcess(
            Path file,
            Settings settings,
            LayerOptions layers,
            Map<String, String> variables,
            RunSettings.Hosted service,
            int number,
            PrefixedOutput output) {
        this.name = service.contract().replaceAll(".*[.$]", "") + "-" + (number + 1);
        this.lines = output.source(name);
        var classPath = new ArrayList<String>();
        service.classPath().forEach(entry -> classPath.add(resolve(file, entry).toString()));
        classPath.addAll(ChildProcess.ownClassPath());
        this.command = ChildProcess.java(
                Stream.concat(LOGGING.stream(), service.jvm().stream()).toList(),
                classPath,
                ServiceMain.class.getName(),
                arguments(file, service, layers));
        this.environment = new HashMap<>(layers.environment());
        environment.putAll(variables);
        environment.put("TREATY_REGISTRY", settings.registry().toString());
        environment.put("TREATY_SERVER_DRAIN", settings.server().drain().toString());
        environment.put("TREATY_SERVER_PORT", Integer.toString(service.port() == 0 ? 0 : service.port() + number));
        this.supervisor =
                BackgroundThread.virtual("supervisor of " + name, Time.system(), Events.NONE, this::supervise);
        supervisor.start();
    }

    private static List<String> arguments(Path file, RunSettings.Hosted service, LayerOptions layers) {
        var arguments = new ArrayList<>(List.of(file.toString(), service.contract(), service.implementation()));
        layers.values().forEach((key, value) -> arguments.add(key + "=" + value));
        return arguments;
    }

    /** Returns an entry of the class path, which is relative to the file that lists it. */
    static Path resolve(Path file, String entry) {
        return file.toAbsolutePath().resolveSibling(entry).normalize();
    }

    String name() {
        return name;
    }

    /** Completes with nothing when the service is ready for the first time, or with the reason if it cannot start. */
    CompletableFuture<Optional<String>> started() {
        return started;
    }

    private void supervise() throws InterruptedException {
        long pause = PAUSE_MIN.toNanos();
        try {
            while (true) {
                long start = System.nanoTime();
                failure = "";
                ChildProcess running = startChild();
                if (running == null) {
                    return;
                }
                int exit = running.exit().join();
                String reason = failure.isEmpty() ? "ended with exit code " + exit : failure;
                if (stopped() || started.complete(Optional.of(reason + (failure.isEmpty() ? " at start" : "")))) {
                    return;
                }
                pause = System.nanoTime() - start > STABLE.toNanos() ? PAUSE_MIN.toNanos() : pause;
                lines.accept(reason + "; restarts in " + pause / 1_000_000 + " ms");
                TimeUnit.NANOSECONDS.sleep(pause);
                pause = Math.min(2 * pause, PAUSE_MAX.toNanos());
            }
        } catch (IOException e) {
            String reason = "cannot be started: " + e.getMessage();
            if (!started.complete(Optional.of(reason))) {
                lines.accept(reason);
            }
        }
    }

    private void read(String line) {
        int failed = line.indexOf(ServiceMain.FAILED);
        int ready = line.indexOf(ServiceMain.READY);
        if (failed >= 0) {
            failure = line.substring(failed + ServiceMain.FAILED.length());
        } else if (ready >= 0) {
            lines.accept(line.substring(ready + ServiceMain.READY.length()));
            started.complete(Optional.empty());
        } else {
            lines.accept(line);
        }
    }

    /** Starts a process, unless one runs still; returns null if the instance is stopped. */
    private synchronized @Nullable ChildProcess startChild() throws IOException {
        if (stopped) {
            return null;
        }
        if (child.filter(ChildProcess::alive).isPresent()) {
            return child.get();
        }
        var started = ChildProcess.start(command, environment, this::read);
        child = Optional.of(started);
        return started;
    }

    private synchronized boolean stopped() {
        return stopped;
    }

    /** Stops restarts, and returns the current process for the caller to close. */
    synchronized Optional<ChildProcess> stop() {
        stopped = true;
        supervisor.interrupt();
        return child;
    }
}
