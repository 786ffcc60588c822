package dev.treaty.cli;

import dev.treaty.Treaty;
import dev.treaty.cli.output.JsonDocuments;
import dev.treaty.cli.output.Table;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.Requirement;
import dev.treaty.core.discovery.ServiceInstance;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code treaty instances}: the instances of services. */
@Command(
        name = "instances",
        description = "Lists the registered instances of a service, or of all services.",
        footer = {"  treaty instances shop.Orders", "  treaty instances --json"})
final class InstancesCommand extends OutputCommand {
    @Parameters(paramLabel = "SERVICE", arity = "0..1", description = "The service (default: all).")
    private @Nullable ServiceName service;

    @Option(
            names = "--capability",
            paramLabel = "NAME",
            description = "List only instances that offer this capability; repeatable.")
    private List<String> capabilities = List.of();

    @Mixin
    private final RegistryOptions registry = new RegistryOptions();

    @Override
    public Integer call() {
        List<ServiceInstance> instances = read();
        var documents = instances.stream().map(JsonDocuments::of).toList();
        printList(documents, () -> table(instances), "No service is registered.");
        return Main.OK;
    }

    private List<ServiceInstance> read() {
        var required = Requirement.NONE;
        for (String capability : capabilities) {
            required = required.withCapability(capability);
        }
        try (Treaty treaty = registry.open()) {
            var instances = new ArrayList<ServiceInstance>();
            for (ServiceName name : service == null ? RegistryOptions.services(treaty) : List.of(service)) {
                for (ServiceInstance instance : RegistryOptions.instances(treaty, name)) {
                    if (required.objection(instance).isEmpty()) {
                        instances.add(instance);
                    }
                }
            }
            if (service != null && instances.isEmpty()) {
                throw new CommandFailed("no instance of " + service
                        + (capabilities.isEmpty() ? "" : " with " + String.join(", ", capabilities))
                        + " is registered"
                        + RegistryOptions.suggestion(treaty, service));
            }
            return instances;
        }
    }

    private static Table table(List<ServiceInstance> instances) {
        var table =
                new Table("SERVICE", "INSTANCE", "VERSION", "ADDRESS", "REGION", "ZONE", "WEIGHT", "HEALTH", "MESSAGE");
        for (ServiceInstance instance : instances) {
            table.row(
                            instance.service(),
                            instance.id(),
                            instance.version(),
                            instance.endpoint(),
                            instance.region(),
                            instance.zone(),
                            instance.weight())
                    .cell(JsonDocuments.word(instance.health()), JsonDocuments.style(instance.health()))
                    .cell(instance.health().message());
        }
        return table;
    }
}
