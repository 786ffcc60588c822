package dev.treaty.cli;

import dev.treaty.Treaty;
import dev.treaty.cli.output.JsonDocuments;
import dev.treaty.cli.output.Table;
import dev.treaty.codec.Json;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.Requirement;
import dev.treaty.core.discovery.ServiceInstance;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code treaty instances}: every copy of a service. */
@Command(
        name = "instances",
        description = "Lists the running copies of a service, or of all.",
        footer = {"", "Examples:", "  treaty instances shop.Orders", "  treaty instances --json"})
final class InstancesCommand implements Callable<Integer> {
    @Parameters(
            paramLabel = "SERVICE",
            arity = "0..1",
            converter = Converters.Service.class,
            description = "The service; all where none is named.")
    private @Nullable ServiceName service;

    @Option(
            names = "--capability",
            paramLabel = "NAME",
            description = "Only those that offer it; may be given several times.")
    private List<String> capabilities = List.of();

    @Option(names = "--json", description = "Print a JSON array of instances.")
    private boolean json;

    @Mixin
    private final RegistryOptions registry = new RegistryOptions();

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli puts it in before it runs anything
    private CommandSpec spec;

    @Override
    public Integer call() {
        List<ServiceInstance> instances = read();
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            out.println(Json.indented(instances.stream().map(JsonDocuments::of).toList()));
        } else if (instances.isEmpty()) {
            out.println(
                    service == null ? "No service is registered." : "No instance of " + service + " is registered.");
        } else {
            print(instances, out, spec.commandLine().getColorScheme().ansi());
        }
        return service != null && instances.isEmpty() ? Main.FAILED : Main.OK;
    }

    private List<ServiceInstance> read() {
        try (Treaty treaty = registry.open()) {
            var instances = new ArrayList<ServiceInstance>();
            for (ServiceName name : service == null ? RegistryOptions.services(treaty) : List.of(service)) {
                instances.addAll(RegistryOptions.instances(treaty, name));
            }
            var required = Requirement.NONE;
            for (String capability : capabilities) {
                required = required.withCapability(capability);
            }
            Requirement requirement = required;
            instances.removeIf(instance -> requirement.objection(instance).isPresent());
            return instances;
        }
    }

    private static void print(List<ServiceInstance> instances, PrintWriter out, Ansi ansi) {
        var table =
                new Table("SERVICE", "INSTANCE", "VERSION", "ADDRESS", "REGION", "ZONE", "WEIGHT", "HEALTH", "MESSAGE");
        for (ServiceInstance instance : instances) {
            table.row()
                    .cell(instance.service().value())
                    .cell(instance.id())
                    .cell(instance.version().toString())
                    .cell(instance.endpoint().toString())
                    .cell(instance.region())
                    .cell(instance.zone())
                    .cell(Integer.toString(instance.weight()))
                    .cell(JsonDocuments.word(instance.health()), JsonDocuments.style(instance.health()))
                    .cell(instance.health().message());
        }
        table.print(out, ansi);
    }
}
