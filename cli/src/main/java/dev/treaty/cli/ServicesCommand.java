package dev.treaty.cli;

import dev.treaty.Introspection;
import dev.treaty.Treaty;
import dev.treaty.cli.output.Durations;
import dev.treaty.cli.output.Style;
import dev.treaty.cli.output.Table;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.observe.CallStatistics;
import dev.treaty.observe.ServiceMetrics;
import dev.treaty.registry.server.RegistryTable;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Predicate;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code treaty services}: the registered services and their metrics. */
@Command(
        name = "services",
        description = "Lists the services that are registered or have published a contract.",
        footer = {
            "  treaty services",
            "  treaty services --metrics            with the metrics of the last minute, summed over all instances",
            "  treaty services --json | jq -r '.[].name'"
        })
final class ServicesCommand extends OutputCommand {
    @Option(names = "--metrics", description = "Read the metrics of the last minute from all instances and sum them.")
    private boolean metrics;

    @Mixin
    private final RegistryOptions registry = new RegistryOptions();

    /**
     * A service.
     *
     * @param minute its metrics of the last minute; empty without {@code --metrics}
     * @param silent how many of its instances did not answer
     */
    private record Row(ServiceName name, List<ServiceInstance> instances, Optional<CallStatistics> minute, int silent) {
        List<String> versions() {
            return instances.stream()
                    .map(ServiceInstance::version)
                    .distinct()
                    .sorted()
                    .map(Object::toString)
                    .toList();
        }

        long count(Predicate<ServiceHealth> condition) {
            return instances.stream()
                    .map(ServiceInstance::health)
                    .filter(condition)
                    .count();
        }

        long passing() {
            return count(health -> health.status() == ServiceHealth.Status.PASSING);
        }

        /** The number of instances that self-preservation keeps although their leases have expired. */
        long stale() {
            return count(health -> health.details().containsKey(RegistryTable.STALE));
        }

        Map<String, Object> fields() {
            var fields = new LinkedHashMap<String, Object>();
            fields.put("name", name.value());
            fields.put("versions", versions());
            fields.put("instances", instances.size());
            fields.put("passing", passing());
            fields.put("stale", stale());
            minute.ifPresent(statistics -> fields.put("metrics", fields(statistics)));
            return fields;
        }

        private Map<String, Object> fields(CallStatistics statistics) {
            var errors = new LinkedHashMap<String, Object>();
            statistics.errors().forEach((code, count) -> errors.put(code.wire(), count));
            var fields = new LinkedHashMap<String, Object>();
            fields.put("requests", statistics.requests());
            fields.put("requestsPerSecond", statistics.requestsPerSecond());
            fields.put("failures", statistics.failures());
            fields.put("errors", errors);
            fields.put("errorRate", statistics.errorRate());
            fields.put("averageMillis", statistics.averageMillis());
            fields.put("p95Millis", statistics.p95Millis());
            fields.put("p99Millis", statistics.p99Millis());
            fields.put("silentInstances", silent);
            return fields;
        }
    }

    @Override
    public Integer call() {
        List<Row> rows = read();
        printList(rows.stream().map(Row::fields).toList(), () -> table(rows), "No service is registered.");
        if (!json()) {
            note(rows.stream().mapToLong(Row::silent).sum(), Style.FAINT, " not reporting metrics");
            note(
                    rows.stream().mapToLong(Row::stale).sum(),
                    Style.WARNING,
                    " stale: kept by self-preservation after the lease expired");
        }
        return Main.OK;
    }

    private void note(long instances, Style style, String text) {
        if (instances > 0) {
            out().println(paint(style, instances + (instances == 1 ? " instance is" : " instances are") + text));
        }
    }

    private List<Row> read() {
        try (Treaty treaty = registry.open()) {
            Map<ServiceName, List<ServiceInstance>> services = RegistryOptions.instances(treaty);
            var rows = new ArrayList<Row>();
            if (metrics) {
                var instances = services.values().stream().flatMap(List::stream).toList();
                var statuses = StatusQuery.of(treaty, instances);
                services.forEach((name, own) -> rows.add(row(name, own, statuses)));
            } else {
                services.forEach((name, own) -> rows.add(new Row(name, own, Optional.empty(), 0)));
            }
            return rows;
        }
    }

    private static Row row(
            ServiceName name, List<ServiceInstance> instances, Map<ServiceEndpoint, Introspection.Status> statuses) {
        List<Introspection.Status> answers = instances.stream()
                .map(ServiceInstance::endpoint)
                .distinct()
                .map(statuses::get)
                .filter(Objects::nonNull)
                .toList();
        CallStatistics minute = CallStatistics.merge(answers.stream()
                .flatMap(status -> status.report().server().stream())
                .filter(served -> served.service().equals(name))
                .map(ServiceMetrics::minute)
                .toList());
        return new Row(name, instances, Optional.of(minute), instances.size() - answers.size());
    }

    private Table table(List<Row> rows) {
        var headings = new ArrayList<>(List.of("SERVICE", "VERSIONS", ">INSTANCES", ">PASSING"));
        if (metrics) {
            headings.addAll(List.of(">CALLS/S", ">FAILED", ">AVERAGE", ">P95", ">P99"));
        }
        var table = new Table(headings.toArray(String[]::new));
        for (Row row : rows) {
            long passing = row.passing();
            Style style = passing == row.instances.size() ? Style.GOOD : passing > 0 ? Style.WARNING : Style.FAULT;
            Table.Row cells = table.row(row.name, String.join(", ", row.versions()), row.instances.size())
                    .cell(Long.toString(passing), style);
            row.minute
                    .filter(minute -> minute.requests() > 0)
                    .ifPresent(minute -> cells.cell(String.format(Locale.ROOT, "%.1f", minute.requestsPerSecond()))
                            .cell(
                                    String.format(Locale.ROOT, "%.1f%%", 100 * minute.errorRate()),
                                    minute.failures() == 0 ? Style.PLAIN : Style.FAULT)
                            .cells(
                                    millis(minute.averageMillis()),
                                    millis(minute.p95Millis()),
                                    millis(minute.p99Millis())));
        }
        return table;
    }

    private static String millis(double millis) {
        return Durations.text(Math.round(millis * 1e6));
    }
}
