package dev.treaty.cli.up;

import dev.treaty.Treaty;
import dev.treaty.cli.CommandFailed;
import dev.treaty.cli.Converters;
import dev.treaty.cli.Foreground;
import dev.treaty.cli.Main;
import dev.treaty.cli.RegistryCommand;
import dev.treaty.cli.RegistryOptions;
import dev.treaty.config.RunSettings;
import dev.treaty.config.ServerSettings;
import dev.treaty.config.Settings;
import dev.treaty.registry.RegistryAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code treaty up}: everything that a file names. */
@Command(
        name = "up",
        description = {
            "Runs what the file lists under run:, and a registry, until Ctrl-C.",
            "A service with contract and implementation runs in processes of its own, which are started again when they"
                    + " end; one with name and address runs already, and is registered as long as its health path"
                    + " answers with success.",
            "The registry is served where registry: in the file says, or at treaty://127.0.0.1:7400; with --registry,"
                    + " that one is used and none is served."
        },
        footer = {
            "",
            "Examples:",
            "  treaty up",
            "  treaty up shop.yaml --registry treaty://127.0.0.1:7400",
            "",
            "A file may look like this:",
            "  run:",
            "    - contract: com.acme.Greetings",
            "      implementation: com.acme.PoliteGreetings",
            "      class-path: [target/classes]",
            "      instances: 2",
            "    - name: acme.Legacy",
            "      address: http://127.0.0.1:8080",
            "      health: /healthz"
        })
public final class UpCommand implements Callable<Integer> {
    @Parameters(
            paramLabel = "FILE",
            arity = "0..1",
            defaultValue = "treaty.yaml",
            description = "The file; treaty.yaml where none is named.")
    @SuppressWarnings("NullAway.Init") // has a default
    private Path file;

    @Option(
            names = "--registry",
            paramLabel = "ADDRESS",
            converter = Converters.Registry.class,
            description = "Use this registry, such as treaty://127.0.0.1:7400, and serve none.")
    private @Nullable RegistryAddress registry;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli puts it in before it runs anything
    private CommandSpec spec;

    @Override
    public Integer call() throws InterruptedException {
        Settings settings = Settings.load(file, System.getenv());
        if (settings.run().isEmpty()) {
            throw new CommandFailed(
                    file + " lists nothing to run: add a service under run:, as \"treaty up --help\" shows");
        }
        var parts = new ArrayList<AutoCloseable>();
        try (var foreground = new Foreground(() -> {})) {
            try {
                start(settings, parts);
                foreground.await();
            } finally {
                stop(parts);
            }
        }
        return Main.OK;
    }

    private void start(Settings settings, List<AutoCloseable> parts) {
        var lines = new PrefixedOutput(
                spec.commandLine().getOut(), spec.commandLine().getColorScheme().ansi());
        RegistryAddress address = registry;
        if (address == null) {
            Treaty hub =
                    RegistryCommand.serve(settings.withServer(server(settings)).withRegistry(RegistryAddress.EMBEDDED));
            parts.add(hub);
            address = RegistryCommand.address(hub);
            lines.teller("treaty").accept("registry " + address + "; Ctrl-C ends everything");
        }
        Treaty treaty = Treaty.open(settings.withRegistry(address));
        parts.add(treaty);
        for (RunSettings run : settings.run()) {
            switch (run) {
                case RunSettings.Hosted hosted -> {
                    for (int i = 0; i < hosted.instances(); i++) {
                        parts.add(ServiceProcess.start(file, hosted, i, address, lines));
                    }
                }
                case RunSettings.Existing existing ->
                    parts.add(new ExternalService(
                            existing,
                            treaty.registry(),
                            lines.teller(existing.name().value())));
            }
        }
    }

    private static ServerSettings server(Settings settings) {
        var where = settings.registry() instanceof RegistryAddress.Network remote ? remote : RegistryOptions.USUAL;
        return settings.server()
                .withAddress(where.host(), where.port(), settings.server().advertise());
    }

    /** Children first, all at the same time; then what they need, the last first. */
    private static void stop(List<AutoCloseable> parts) {
        ChildProcess.closeAll(
                parts.stream()
                        .filter(ServiceProcess.class::isInstance)
                        .flatMap(p -> ((ServiceProcess) p).end().stream())
                        .toList(),
                ChildProcess.PATIENCE);
        for (AutoCloseable part : parts.reversed()) {
            try {
                part.close();
            } catch (Exception e) {
                throw new IllegalStateException("could not close " + part, e);
            }
        }
    }
}
