package dev.treaty.cli;

import dev.treaty.Treaty;
import dev.treaty.config.ServerSettings;
import dev.treaty.config.Settings;
import dev.treaty.core.contract.Contract;
import dev.treaty.core.contract.Idempotent;
import dev.treaty.registry.RegistryAddress;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;

/**
 * Runs the usual commands in one process, so that the JVM archives the classes that they load. The launcher runs it
 * after a build with {@code -XX:AOTCacheOutput}; later commands start in a third of the time. The commands use a
 * registry of their own.
 */
public final class Training {
    private static final List<String> COMMANDS = List.of(
            "services",
            "services --metrics",
            "services --json",
            "instances treaty.Registry",
            "instances treaty.Registry --json",
            "contract show treaty.Registry",
            "call treaty.Registry services {}",
            "guards");

    /** A service that the training serves and calls, so that the classes for that are archived as well. */
    @Contract(name = "treaty.training.Greetings", version = "1.0.0")
    public interface Greetings {
        /** Returns a greeting. */
        @Idempotent
        String greet(String name);
    }

    private Training() {}

    /** Runs the commands, and fails if one of them does. */
    public static void main(String[] arguments) throws Exception {
        for (ExtraCommand command : ServiceLoader.load(ExtraCommand.class)) {
            command.train();
        }
        Settings settings = Settings.DEFAULTS.withServer(
                ServerSettings.DEFAULT.withAddress(RegistryOptions.USUAL.host(), 0, Optional.empty()));
        try (Treaty registry = RegistryCommand.serve(settings, Main.FAILED, "--port")) {
            RegistryAddress address = RegistryCommand.address(registry);
            try (Treaty treaty = Treaty.open(Settings.DEFAULTS.withRegistry(address))) {
                treaty.serve(Greetings.class, name -> "Hello, " + name + "!");
                treaty.client(Greetings.class).greet("Ada");
            }
            COMMANDS.forEach(command -> run(command + " --registry " + address));
        }
        run("--help");
        run("config");
        System.exit(Main.OK);
    }

    private static void run(String command) {
        var nowhere = new PrintWriter(Writer.nullWriter());
        int exit = Main.run(nowhere, new PrintWriter(System.err, true, StandardCharsets.UTF_8), command.split(" "));
        if (exit != Main.OK) {
            throw new IllegalStateException("treaty " + command + " has exit code " + exit);
        }
    }
}
