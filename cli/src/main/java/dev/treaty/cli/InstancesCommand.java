package dev.treaty.cli;

import dev.treaty.Treaty;
import dev.treaty.cli.output.JsonDocuments;
import dev.treaty.cli.output.Table;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.Requirement;
import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.core.discovery.ServiceInstance;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code treaty instances}: the instances of services. */
@Command(
        name = "instances",
        description = "Lists the registered instances of a service, or of all services.",
        footer = {
            "  treaty instances shop.Orders",
            "  treaty instances --health critical,draining",
            "  treaty instances shop.Orders --renewals",
            "  treaty instances --json"
        })
final class InstancesCommand extends OutputCommand {
    @Parameters(paramLabel = "SERVICE", arity = "0..1", description = "The service (default: all).")
    private @Nullable ServiceName service;

    @Option(
            names = "--capability",
            paramLabel = "NAME",
            description = "List only instances that offer this capability; repeatable.")
    private List<String> capabilities = List.of();

    @Option(
            names = "--health",
            paramLabel = "STATUS",
            split = ",",
            description = "List only instances with this health: passing, warning, critical, draining or unknown;"
                    + " several with commas.")
    private Set<Status> health = EnumSet.allOf(Status.class);

    @Option(
            names = "--renewals",
            description = "Show when the lease of each instance was last renewed, if the registry tells that.")
    private boolean renewals;

    @Mixin
    private final RegistryOptions registry = new RegistryOptions();

    /** @param renewed when the lease was renewed, as text; empty without {@code --renewals} */
    private record Row(ServiceInstance instance, String renewed) {}

    @Override
    public Integer call() {
        List<Row> rows = read();
        printList(
                rows.stream().map(this::document).toList(),
                () -> table(rows),
                health.size() < Status.values().length ? "No instance has this health." : "No service is registered.");
        return Main.OK;
    }

    private Map<String, Object> document(Row row) {
        Map<String, Object> document = JsonDocuments.of(row.instance);
        if (renewals) {
            document.put("renewed", row.renewed);
        }
        return document;
    }

    private List<Row> read() {
        var required = Requirement.NONE;
        for (String capability : capabilities) {
            required = required.withCapability(capability);
        }
        try (Treaty treaty = registry.open()) {
            var rows = new ArrayList<Row>();
            for (ServiceName name : service == null ? RegistryOptions.services(treaty) : List.of(service)) {
                var times = renewals ? treaty.registry().renewals(name) : Map.<String, Optional<Instant>>of();
                for (ServiceInstance instance : RegistryOptions.instances(treaty, name, health)) {
                    if (required.objection(instance).isEmpty()) {
                        rows.add(new Row(instance, renewals ? renewed(times, instance.id()) : ""));
                    }
                }
            }
            boolean anyHealth = health.size() == Status.values().length;
            if (service != null
                    && rows.isEmpty()
                    && (anyHealth || !RegistryOptions.services(treaty).contains(service))) {
                throw new CommandFailed("no instance of " + service
                        + (capabilities.isEmpty() ? "" : " with " + String.join(", ", capabilities))
                        + " is registered"
                        + RegistryOptions.suggestion(treaty, service));
            }
            return rows;
        }
    }

    private static String renewed(Map<String, Optional<Instant>> times, String id) {
        return times.getOrDefault(id, Optional.empty())
                .map(Instant::toString)
                .orElse(times.containsKey(id) ? "its lease lives" : "it has no lease");
    }

    private Table table(List<Row> rows) {
        String headings = "SERVICE INSTANCE VERSION ADDRESS REGION ZONE WEIGHT HEALTH MESSAGE";
        var table = new Table((renewals ? headings + " RENEWED" : headings).split(" "));
        for (Row row : rows) {
            ServiceInstance instance = row.instance;
            var cells = table.row(instance.service(), instance.id(), instance.version(), instance.endpoint())
                    .cells(instance.region(), instance.zone(), instance.weight())
                    .cell(JsonDocuments.word(instance.health()), JsonDocuments.style(instance.health()))
                    .cell(instance.health().message());
            if (renewals) {
                cells.cell(row.renewed);
            }
        }
        return table;
    }
}
