package dev.treaty.cli;

import dev.treaty.Treaty;
import dev.treaty.config.ServerSettings;
import dev.treaty.config.Settings;
import java.io.PrintWriter;
import java.io.Writer;
import java.util.List;
import java.util.Optional;

/**
 * Runs the usual commands in one process, against a registry of its own. The launcher runs it after a build with
 * {@code -XX:AOTCacheOutput}: the JVM archives the classes that were loaded, and later commands start in a third of the
 * time.
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

    private Training() {}

    /** Runs the commands, and prints nothing. */
    public static void main(String[] arguments) {
        var nowhere = new PrintWriter(Writer.nullWriter());
        Settings settings = Settings.DEFAULTS.withServer(
                ServerSettings.DEFAULT.withAddress(RegistryOptions.USUAL.host(), 0, Optional.empty()));
        try (Treaty registry = RegistryCommand.serve(settings)) {
            String option = " --registry " + RegistryCommand.address(registry);
            for (String command : COMMANDS) {
                Main.run(nowhere, nowhere, (command + option).split(" "));
            }
        }
        Main.run(nowhere, nowhere, "--help");
        Main.run(nowhere, nowhere, "config");
        System.exit(Main.OK);
    }
}
