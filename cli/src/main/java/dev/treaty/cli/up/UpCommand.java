package dev.treaty.cli.up;

import dev.treaty.Treaty;
import dev.treaty.cli.CommandFailed;
import dev.treaty.cli.Foreground;
import dev.treaty.cli.Main;
import dev.treaty.cli.OutputCommand;
import dev.treaty.cli.RegistryCommand;
import dev.treaty.cli.RegistryOptions;
import dev.treaty.config.RunSettings;
import dev.treaty.config.Settings;
import dev.treaty.registry.RegistryAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code treaty up}: runs the services that a file lists. */
@Command(
        name = "up",
        description = {
            "Runs a registry and the services that a file lists under run:, until Ctrl-C.",
            "Each instance of a service with contract and implementation runs in its own process, which is restarted if"
                    + " it ends after it was ready; if it cannot start, up ends. At the end, calls in flight get"
                    + " half a second, unless TREATY_SERVER_DRAIN is set.",
            "A service with name and address runs elsewhere, and is registered and health-checked.",
            "The registry listens at the address registry: in the file, by default at port 7400 of this machine."
        },
        footer = {
            "  treaty up",
            "  treaty up shop.yaml --registry treaty://127.0.0.1:7400",
            "",
            "Example file:",
            "  run:",
            "    - contract: com.acme.Greetings",
            "      implementation: com.acme.PoliteGreetings",
            "      class-path: [target/classes]",
            "      instances: 2",
            "    - name: acme.Legacy",
            "      address: http://127.0.0.1:8080",
            "      health: /healthz"
        })
public final class UpCommand extends OutputCommand {
    /** The variable with the time to drain, which up shortens unless it is set. */
    private static final String DRAIN = "TREATY_SERVER_DRAIN";

    /** How long processes get to end before they are killed. */
    private static final Duration STOP_MAX = Duration.ofMillis(1500);

    /** How long after Ctrl-C the command itself exits at the latest. */
    private static final Duration SHUTDOWN_MAX = Duration.ofMillis(1900);

    @Parameters(paramLabel = "FILE", arity = "0..1", description = "The file (default: treaty.yaml).")
    private Path file = Path.of("treaty.yaml");

    @Option(names = "--registry", paramLabel = "ADDRESS", description = "Use this registry instead of serving one.")
    private @Nullable RegistryAddress registry;

    private final List<ServiceProcess> processes = new ArrayList<>();
    private final Deque<AutoCloseable> others = new ArrayDeque<>();

    @Override
    public Integer call() throws Exception {
        Map<String, String> environment = new HashMap<>(System.getenv());
        environment.putIfAbsent(DRAIN, "500ms");
        Settings settings = Settings.load(file, environment);
        check(settings.run());
        try (var foreground = new Foreground(SHUTDOWN_MAX)) {
            var output = new PrefixedOutput(out(), ansi(), json(), foreground::end);
            try {
                start(settings, output);
                endOnFailure(foreground);
                foreground.await();
                String failures = failures();
                if (!failures.isEmpty()) {
                    throw new CommandFailed(failures, Main.USAGE);
                }
                int count = processes.size();
                output.source("treaty").accept("stopping " + count + (count == 1 ? " process" : " processes"));
            } finally {
                output.close();
                stop();
            }
        }
        return Main.OK;
    }

    private void check(List<RunSettings> run) {
        if (run.isEmpty()) {
            throw new CommandFailed(
                    file + " lists nothing to run: add a service under run:, as \"treaty up --help\" shows",
                    Main.USAGE);
        }
        for (RunSettings service : run) {
            List<String> classPath = service instanceof RunSettings.Hosted hosted ? hosted.classPath() : List.of();
            for (String entry : classPath) {
                Path path = ServiceProcess.resolve(file, entry);
                if (!Files.exists(path)) {
                    throw new CommandFailed(
                            "class-path has " + entry + ", but " + path + " does not exist", Main.USAGE);
                }
            }
        }
    }

    private void start(Settings settings, PrefixedOutput output) {
        RegistryAddress address = registry;
        if (address == null) {
            var at = settings.registry() instanceof RegistryAddress.Network network ? network : RegistryOptions.USUAL;
            var server = settings.server()
                    .withAddress(at.host(), at.port(), settings.server().advertise());
            Treaty hub = RegistryCommand.serve(
                    settings.withServer(server).withRegistry(RegistryAddress.EMBEDDED),
                    Main.USAGE,
                    "registry: in " + file + ", or use a registry that runs, with --registry");
            others.push(hub);
            address = RegistryCommand.address(hub);
            output.source("treaty").accept("registry " + address + "; Ctrl-C ends everything");
        }
        Settings client = settings.withRegistry(address);
        Treaty treaty = Treaty.open(client);
        others.push(treaty);
        for (RunSettings run : settings.run()) {
            switch (run) {
                case RunSettings.Hosted hosted -> {
                    for (int i = 0; i < hosted.instances(); i++) {
                        processes.add(new ServiceProcess(file, client, hosted, i, output));
                    }
                }
                case RunSettings.Existing existing ->
                    others.push(new ExternalService(
                            existing,
                            treaty.registry(),
                            output.source(existing.name().value())));
            }
        }
    }

    /** Ends the command once each process has been ready or has failed to start, if any has failed. */
    private void endOnFailure(Foreground foreground) {
        var _ = CompletableFuture.allOf(
                        processes.stream().map(ServiceProcess::started).toArray(CompletableFuture[]::new))
                .thenRun(() -> {
                    if (!failures().isEmpty()) {
                        foreground.end();
                    }
                });
    }

    /** Returns one line for each reason for which processes could not start, with their names. */
    private String failures() {
        Map<String, List<String>> names = new LinkedHashMap<>();
        for (ServiceProcess process : processes) {
            process.started()
                    .getNow(Optional.empty())
                    .ifPresent(reason -> names.computeIfAbsent(reason, _ -> new ArrayList<>())
                            .add(process.name()));
        }
        return names.entrySet().stream()
                .map(entry -> String.join(", ", entry.getValue()) + ": " + entry.getKey())
                .collect(Collectors.joining("\n"));
    }

    /** Stops the processes concurrently, and then what they use. */
    private void stop() throws Exception {
        ChildProcess.closeAll(
                processes.stream().flatMap(process -> process.stop().stream()).toList(), STOP_MAX);
        while (!others.isEmpty()) {
            others.pop().close();
        }
    }
}
