package dev.treaty.cli.up;

import dev.treaty.Treaty;
import dev.treaty.cli.CommandFailed;
import dev.treaty.cli.Foreground;
import dev.treaty.cli.Main;
import dev.treaty.cli.OutputCommand;
import dev.treaty.cli.RegistryCommand;
import dev.treaty.cli.RegistryOptions;
import dev.treaty.cli.config.LayerOptions;
import dev.treaty.cli.contract.ContractClasses;
import dev.treaty.cli.secure.DevelopmentSecurity;
import dev.treaty.config.ConfigurationException;
import dev.treaty.config.ConfigurationSources;
import dev.treaty.config.ConfigurationWatch;
import dev.treaty.config.RunSettings;
import dev.treaty.config.Settings;
import dev.treaty.core.time.Time;
import dev.treaty.observe.EventLog;
import dev.treaty.registry.RegistryAddress;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
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
            "When the file changes, so does what runs: a further instance starts, one that is not listed any more is"
                    + " drained. Other changes are for the services themselves, which read the same file.",
            "The registry listens at the address registry: in the file, by default at port 7400 of this machine."
        },
        footer = {
            "  treaty up",
            "  treaty up --secure",
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

    @Option(
            names = "--secure",
            description = "Use TLS, with a certificate for each service, and the rules of the file. The authority and"
                    + " the certificates are in .treaty/security beside the file.")
    private boolean secure;

    @Mixin
    private final LayerOptions layers = new LayerOptions();

    private final Deque<AutoCloseable> others = new ArrayDeque<>();
    private @Nullable RunningServices services;
    private @Nullable DevelopmentSecurity development;

    /** Whether all processes have been ready, so that the command runs on if a later one cannot start. */
    private volatile boolean allStarted;

    @Override
    public Integer call() throws Exception {
        Map<String, String> environment = new HashMap<>(System.getenv());
        environment.putIfAbsent(DRAIN, "500ms");
        if (secure) {
            Path directory = DevelopmentSecurity.directory(
                    Optional.ofNullable(file.toAbsolutePath().getParent()).orElse(Path.of("")));
            development = DevelopmentSecurity.open(directory);
            others.push(development);
            environment.putAll(development.registryEnvironment());
            Settings written = layers.sources(Optional.of(file), environment)
                    .read(List.of())
                    .settings();
            DevelopmentSecurity.operators(written).forEach(layers.values()::putIfAbsent);
        }
        ConfigurationSources sources = layers.sources(Optional.of(file), environment);
        Settings settings = sources.read(List.of()).settings();
        check(settings.run());
        try (var foreground = new Foreground(SHUTDOWN_MAX)) {
            var output = new PrefixedOutput(out(), ansi(), json(), foreground::end);
            try {
                Consumer<String> lines = output.source("treaty");
                RunningServices running = start(settings, output, lines);
                services = running;
                endOnFailure(running, foreground);
                others.push(ConfigurationWatch.start(
                        sources, () -> reload(sources, running, lines), new EventLog(Time.system())));
                reload(sources, running, lines); // since the file may have changed before the watch
                foreground.await();
                if (!allStarted) {
                    running.failures().ifPresent(failures -> {
                        throw new CommandFailed(failures, Main.USAGE);
                    });
                }
                int count = running.size();
                lines.accept("stopping " + count + (count == 1 ? " process" : " processes"));
            } finally {
                output.close();
                stop();
            }
        }
        return Main.OK;
    }

    /** Makes what runs equal to a changed file; an invalid file changes nothing. */
    private void reload(ConfigurationSources sources, RunningServices running, Consumer<String> lines) {
        try {
            List<RunSettings> run = sources.read(List.of()).settings().run();
            check(run);
            running.change(run);
        } catch (ConfigurationException | CommandFailed e) {
            lines.accept("the changed settings are refused, and what runs stays as it is:");
            String.valueOf(e.getMessage()).lines().forEach(lines);
        }
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

    private RunningServices start(Settings settings, PrefixedOutput output, Consumer<String> lines) {
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
            lines.accept("registry " + address + "; Ctrl-C ends everything");
        }
        Settings client = settings.withRegistry(address);
        Treaty treaty = Treaty.open(client);
        others.push(treaty);
        var running = new RunningServices(
                (hosted, number) ->
                        new ServiceProcess(file, client, layers, environment(hosted), hosted, number, output),
                treaty.registry(),
                output,
                lines);
        running.start(settings.run());
        return running;
    }

    /** Returns the variables of the processes of a service, whose certificate has its name. */
    private Map<String, String> environment(RunSettings.Hosted service) {
        if (development == null) {
            return Map.of();
        }
        List<Path> classPath = service.classPath().stream()
                .map(entry -> ServiceProcess.resolve(file, entry))
                .toList();
        try {
            return development.environment(ContractClasses.read(service.contract(), classPath, "class-path")
                    .name()
                    .value());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Ends the command once each process has been ready or has failed to start, if any has failed. */
    private void endOnFailure(RunningServices running, Foreground foreground) {
        var _ = running.started().thenRun(() -> {
            if (running.failures().isPresent()) {
                foreground.end();
            } else {
                allStarted = true;
            }
        });
    }

    /** Stops the processes concurrently, and then what they use. */
    private void stop() throws Exception {
        if (services != null) {
            services.close(STOP_MAX);
        }
        while (!others.isEmpty()) {
            others.pop().close();
        }
    }
}
