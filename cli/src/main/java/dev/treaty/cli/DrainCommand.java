package dev.treaty.cli;

import dev.treaty.Treaty;
import dev.treaty.core.discovery.ServiceInstance;
import java.time.Duration;
import java.util.LinkedHashMap;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code treaty drain}: takes an instance out of service before it is stopped. */
@Command(
        name = "drain",
        description = {
            "Takes an instance out of service, and waits until all clients have acknowledged.",
            "The instance continues to run and completes calls in flight. It stays drained until it stops or until"
                    + " --undo. The exit code is 1 if not all clients have acknowledged in time."
        },
        footer = {"  treaty drain Orders-1f3a9c02", "  treaty drain Orders-1f3a9c02 --undo"})
final class DrainCommand extends OutputCommand {
    @Parameters(paramLabel = "INSTANCE", description = "The id of the instance, as \"treaty instances\" prints it.")
    private String id = "";

    @Option(names = "--undo", description = "Let clients call it again.")
    private boolean undo;

    @Option(
            names = "--wait",
            paramLabel = "DURATION",
            description = "The longest wait for acknowledgements (default: 10s).")
    private Duration wait = Duration.ofSeconds(10);

    @Mixin
    private final RegistryOptions registry = new RegistryOptions();

    @Override
    public Integer call() {
        try (Treaty treaty = registry.open()) {
            ServiceInstance instance = RegistryOptions.instance(treaty, id);
            boolean acknowledged = treaty.registry().drain(instance, !undo, wait);
            var object = new LinkedHashMap<String, Object>();
            object.put("id", instance.id());
            object.put("service", instance.service().value());
            object.put("draining", !undo);
            object.put("acknowledged", acknowledged);
            print(
                    object,
                    instance.id() + " of " + instance.service() + (undo ? " gets calls again: " : " is draining: ")
                            + (acknowledged
                                    ? "all clients have acknowledged"
                                    : "not all clients acknowledged in time"));
            return acknowledged ? Main.OK : Main.FAILED;
        }
    }
}
