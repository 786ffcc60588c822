package dev.treaty.cli;

import dev.treaty.Treaty;
import dev.treaty.codec.Json;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.ServiceInstance;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code treaty drain}: has nobody call an instance any more, so that it can be stopped. */
@Command(
        name = "drain",
        description = "Tells all clients to stop calling an instance, and waits until they have heard. The instance"
                + " itself goes on running; calls that it has taken end. It stays drained until it is stopped or until"
                + " --undo.",
        footer = {
            "",
            "Examples:",
            "  treaty drain Orders-1f3a9c02",
            "  treaty drain Orders-1f3a9c02 --undo",
            "",
            "Exit code 0: all clients have heard; 1: not known in time, or there is no such instance."
        })
final class DrainCommand implements Callable<Integer> {
    @Parameters(paramLabel = "INSTANCE", description = "The id of the instance, as \"treaty instances\" lists it.")
    @SuppressWarnings("NullAway.Init") // required
    private String id;

    @Option(names = "--undo", description = "Let clients call it again.")
    private boolean undo;

    @Option(
            names = "--wait",
            paramLabel = "DURATION",
            converter = Converters.Time.class,
            defaultValue = "10s",
            description = "How long to wait until all clients have heard; 10s where it is left out.")
    @SuppressWarnings("NullAway.Init") // has a default
    private Duration patience;

    @Option(names = "--json", description = "Print a JSON object.")
    private boolean json;

    @Mixin
    private final RegistryOptions registry = new RegistryOptions();

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli puts it in before it runs anything
    private CommandSpec spec;

    @Override
    public Integer call() {
        try (Treaty treaty = registry.open()) {
            ServiceInstance instance = find(treaty);
            boolean heard = drain(treaty, instance);
            print(instance, heard);
            return heard ? Main.OK : Main.FAILED;
        }
    }

    private ServiceInstance find(Treaty treaty) {
        for (ServiceName name : RegistryOptions.services(treaty)) {
            for (ServiceInstance instance : RegistryOptions.instances(treaty, name)) {
                if (instance.id().equals(id)) {
                    return instance;
                }
            }
        }
        throw new CommandFailed("no instance " + id + " is registered; \"treaty instances\" lists them");
    }

    private boolean drain(Treaty treaty, ServiceInstance instance) {
        try {
            return treaty.registry().drain(instance, !undo, patience);
        } catch (UnsupportedOperationException | IllegalArgumentException e) {
            throw new CommandFailed(String.valueOf(e.getMessage()));
        }
    }

    private void print(ServiceInstance instance, boolean heard) {
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            var object = new LinkedHashMap<String, Object>();
            object.put("id", instance.id());
            object.put("service", instance.service().value());
            object.put("draining", !undo);
            object.put("heard", heard);
            out.println(Json.text(object));
            return;
        }
        String done = undo ? " takes calls again: " : " is draining: ";
        out.println(instance.id() + " of " + instance.service() + done
                + (heard ? "all clients have heard" : "not all clients are known to have heard"));
    }
}
