package dev.treaty.cli.up;

import dev.treaty.config.RunSettings;
import dev.treaty.core.discovery.Registry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The services that {@code treaty up} runs. When the list of the file changes, those that it has no more are drained
 * and stopped, new ones start, and a changed number of instances starts or stops the difference. An entry that changes
 * otherwise is another one: it starts before the old one stops, unless both use the same port.
 */
final class RunningServices {
    /** How long new processes may take to be ready before those that they replace are stopped anyway. */
    private static final Duration START_MAX = Duration.ofSeconds(30);

    private final Starter starter;
    private final Registry registry;
    private final PrefixedOutput output;
    private final Consumer<String> lines;
    private List<Running> all = List.of(); // replaced under the lock of this
    private boolean closed;

    /** Starts the instance with a number, from 0, of a service. */
    @FunctionalInterface
    interface Starter {
        ServiceProcess start(RunSettings.Hosted service, int number);
    }

    /** An entry of the list, with its processes, or with its registration if it runs elsewhere. */
    private record Running(
            RunSettings entry,
            List<ServiceProcess> processes,
            @Nullable ExternalService external) {
        boolean is(RunSettings other) {
            return identity(entry).equals(identity(other));
        }

        private static RunSettings identity(RunSettings entry) {
            return entry instanceof RunSettings.Hosted hosted ? hosted.withInstances(1) : entry;
        }

        boolean usesPort() {
            return entry instanceof RunSettings.Hosted hosted && hosted.port() > 0;
        }
    }

    /**
     * Nothing runs yet.
     *
     * @param lines receives what is changed
     */
    RunningServices(Starter starter, Registry registry, PrefixedOutput output, Consumer<String> lines) {
        this.starter = starter;
        this.registry = registry;
        this.output = output;
        this.lines = lines;
    }

    /** Starts what the list has, at the beginning. */
    synchronized void start(List<RunSettings> list) {
        all = list.stream().map(entry -> resized(null, entry)).toList();
    }

    /** Makes what runs equal to a changed list. */
    void change(List<RunSettings> list) {
        var removed = new ArrayList<Running>();
        synchronized (this) {
            if (closed) {
                return;
            }
            removed.addAll(all);
            Function<RunSettings, @Nullable Running> same = entry -> removed.stream()
                    .filter(running -> running.is(entry))
                    .findFirst()
                    .orElse(null);
            Map<Integer, Running> kept = new LinkedHashMap<>();
            for (int i = 0; i < list.size(); i++) {
                Running running = same.apply(list.get(i));
                if (running != null) {
                    kept.put(i, running);
                    removed.remove(running);
                }
            }
            List<Running> first = removed.stream().filter(Running::usesPort).toList();
            stop(first, ChildProcess.PATIENCE);
            removed.removeAll(first);
            var next = new ArrayList<Running>();
            for (int i = 0; i < list.size(); i++) {
                next.add(resized(kept.get(i), list.get(i)));
            }
            all = List.copyOf(next);
        }
        if (!removed.isEmpty()) {
            awaitStarted();
            stop(removed, ChildProcess.PATIENCE);
        }
        failures().ifPresent(failures -> failures.lines().forEach(lines));
    }

    /** Returns the entry with as many processes as it is to have; nothing runs of it if it is null. */
    private Running resized(@Nullable Running running, RunSettings entry) {
        return switch (entry) {
            case RunSettings.Existing existing ->
                running != null
                        ? running
                        : new Running(
                                entry,
                                List.of(),
                                new ExternalService(
                                        existing,
                                        registry,
                                        output.source(existing.name().value())));
            case RunSettings.Hosted hosted -> {
                var processes = new ArrayList<>(running == null ? List.of() : running.processes);
                int excess = processes.size() - hosted.instances();
                if (excess > 0) {
                    List<ServiceProcess> last = processes.subList(hosted.instances(), processes.size());
                    stopProcesses(List.copyOf(last), ChildProcess.PATIENCE);
                    last.clear();
                }
                while (processes.size() < hosted.instances()) {
                    processes.add(starter.start(hosted, processes.size()));
                }
                yield new Running(entry, List.copyOf(processes), null);
            }
        };
    }

    private void stop(List<Running> entries, Duration patience) {
        stopProcesses(
                entries.stream().flatMap(running -> running.processes.stream()).toList(), patience);
        for (Running running : entries) {
            if (running.external != null) {
                running.external.close();
            }
        }
    }

    private void stopProcesses(List<ServiceProcess> processes, Duration patience) {
        if (!processes.isEmpty()) {
            lines.accept("stops " + processes.stream().map(ServiceProcess::name).collect(Collectors.joining(", ")));
            ChildProcess.closeAll(
                    processes.stream()
                            .flatMap(process -> process.stop().stream())
                            .toList(),
                    patience);
        }
    }

    private synchronized List<ServiceProcess> processes() {
        return all.stream().flatMap(running -> running.processes.stream()).toList();
    }

    /** Completes when each process has been ready or has failed to start. */
    CompletableFuture<Void> started() {
        return CompletableFuture.allOf(
                processes().stream().map(ServiceProcess::started).toArray(CompletableFuture[]::new));
    }

    private void awaitStarted() {
        var _ = started()
                .completeOnTimeout(null, START_MAX.toMillis(), TimeUnit.MILLISECONDS)
                .join();
    }

    /** Returns one line for each reason for which processes could not start, with their names; empty without any. */
    Optional<String> failures() {
        Map<String, List<String>> names = new LinkedHashMap<>();
        for (ServiceProcess process : processes()) {
            process.started()
                    .getNow(Optional.empty())
                    .ifPresent(reason -> names.computeIfAbsent(reason, _ -> new ArrayList<>())
                            .add(process.name()));
        }
        return names.isEmpty()
                ? Optional.empty()
                : Optional.of(names.entrySet().stream()
                        .map(entry -> String.join(", ", entry.getValue()) + ": " + entry.getKey())
                        .collect(Collectors.joining("\n")));
    }

    /** The number of processes. */
    int size() {
        return processes().size();
    }

    /**
     * Stops all processes concurrently, and deregisters what runs elsewhere.
     *
     * @param patience how long processes get to end before they are killed
     */
    void close(Duration patience) {
        List<Running> last;
        synchronized (this) {
            closed = true;
            last = all;
            all = List.of();
        }
        stop(last, patience);
    }
}
