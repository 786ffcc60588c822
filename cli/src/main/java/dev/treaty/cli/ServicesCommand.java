package dev.treaty.cli;

import dev.treaty.Introspection;
import dev.treaty.Treaty;
import dev.treaty.cli.output.Durations;
import dev.treaty.cli.output.Style;
import dev.treaty.cli.output.Table;
import dev.treaty.codec.Json;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.observe.CallStatistics;
import dev.treaty.observe.ServiceMetrics;
import dev.treaty.registry.server.RegistryTable;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code treaty services}: what is registered, and how it does. */
@Command(
        name = "services",
        description = "Lists the services that are registered or have published a contract.",
        footer = {
            "",
            "Examples:",
            "  treaty services",
            "  treaty services --metrics            how they did over the last minute, all instances together",
            "  treaty services --json | jq -r '.[].name'"
        })
final class ServicesCommand implements Callable<Integer> {
    @Option(
            names = "--metrics",
            description = "Ask every instance how it did over the last minute, and add it up exactly.")
    private boolean metrics;

    @Option(names = "--json", description = "Print a JSON array of services.")
    private boolean json;

    @Mixin
    private final RegistryOptions registry = new RegistryOptions();

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli puts it in before it runs anything
    private CommandSpec spec;

    /**
     * One service.
     *
     * @param figures how it did over the last minute, where that was asked for
     * @param silent how many of its instances did not say
     */
    private record Row(
            ServiceName name, List<ServiceInstance> instances, Optional<CallStatistics> figures, int silent) {
        String versions() {
            return instances.stream()
                    .map(ServiceInstance::version)
                    .distinct()
                    .sorted()
                    .map(Object::toString)
                    .collect(Collectors.joining(", "));
        }

        long passing() {
            return instances.stream()
                    .filter(i -> i.health().status() == ServiceHealth.Status.PASSING)
                    .count();
        }

        /** How many are kept although their leases have ended. */
        long stale() {
            return instances.stream()
                    .filter(i -> i.health().details().containsKey(RegistryTable.STALE))
                    .count();
        }

        Map<String, Object> fields() {
            var fields = new LinkedHashMap<String, Object>();
            fields.put("name", name.value());
            fields.put(
                    "versions",
                    instances.stream()
                            .map(i -> i.version().toString())
                            .distinct()
                            .sorted()
                            .toList());
            fields.put("instances", instances.size());
            fields.put("passing", passing());
            fields.put("stale", stale());
            figures.ifPresent(f -> fields.put("metrics", fields(f)));
            return fields;
        }

        private Map<String, Object> fields(CallStatistics minute) {
            var fields = new LinkedHashMap<String, Object>();
            fields.put("requests", minute.requests());
            fields.put("requestsPerSecond", minute.requestsPerSecond());
            fields.put("failures", minute.failures());
            var errors = new LinkedHashMap<String, Object>();
            minute.errors().forEach((code, count) -> errors.put(code.wire(), count));
            fields.put("errors", errors);
            fields.put("errorRate", minute.errorRate());
            fields.put("averageMillis", minute.averageMillis());
            fields.put("p95Millis", minute.p95Millis());
            fields.put("p99Millis", minute.p99Millis());
            fields.put("silentInstances", silent);
            return fields;
        }
    }

    @Override
    public Integer call() {
        List<Row> rows = read();
        PrintWriter out = spec.commandLine().getOut();
        Ansi ansi = spec.commandLine().getColorScheme().ansi();
        if (json) {
            out.println(Json.indented(rows.stream().map(Row::fields).toList()));
        } else if (rows.isEmpty()) {
            out.println("No service is registered.");
        } else {
            table(rows).print(out, ansi);
            int silent = rows.stream().mapToInt(Row::silent).sum();
            if (silent > 0) {
                out.println(Style.FAINT.paint(
                        ansi, silent + (silent == 1 ? " instance" : " instances") + " did not say how they do"));
            }
            long stale = rows.stream().mapToLong(Row::stale).sum();
            if (stale > 0) {
                out.println(Style.WARNING.paint(
                        ansi,
                        stale + (stale == 1 ? " instance is" : " instances are")
                                + " stale: kept although the lease has ended, since many ended at once"));
            }
        }
        return Main.OK;
    }

    private List<Row> read() {
        try (Treaty treaty = registry.open()) {
            var services = new LinkedHashMap<ServiceName, List<ServiceInstance>>();
            for (ServiceName name : RegistryOptions.services(treaty)) {
                services.put(name, RegistryOptions.instances(treaty, name));
            }
            Map<String, Introspection.Status> statuses =
                    metrics ? StatusQuery.of(treaty, endpoints(services.values())) : Map.of();
            var rows = new ArrayList<Row>();
            services.forEach((name, instances) -> rows.add(row(name, instances, statuses)));
            return rows;
        }
    }

    private static Collection<ServiceEndpoint> endpoints(Collection<List<ServiceInstance>> services) {
        return services.stream()
                .flatMap(List::stream)
                .map(ServiceInstance::endpoint)
                .collect(Collectors.toSet());
    }

    private Row row(ServiceName name, List<ServiceInstance> instances, Map<String, Introspection.Status> statuses) {
        if (!metrics) {
            return new Row(name, instances, Optional.empty(), 0);
        }
        List<Introspection.Status> answers = instances.stream()
                .map(i -> i.endpoint().toString())
                .distinct()
                .map(statuses::get)
                .filter(status -> status != null)
                .toList();
        CallStatistics figures = CallStatistics.merge(answers.stream()
                .flatMap(status -> status.report().server().stream())
                .filter(served -> served.service().equals(name))
                .map(ServiceMetrics::minute)
                .toList());
        return new Row(name, instances, Optional.of(figures), instances.size() - answers.size());
    }

    private Table table(List<Row> rows) {
        Table table = metrics
                ? new Table(
                        "SERVICE",
                        "VERSIONS",
                        ">INSTANCES",
                        ">PASSING",
                        ">CALLS/S",
                        ">FAILED",
                        ">AVERAGE",
                        ">P95",
                        ">P99")
                : new Table("SERVICE", "VERSIONS", ">INSTANCES", ">PASSING");
        for (Row row : rows) {
            Style style = row.passing() == row.instances().size()
                    ? Style.GOOD
                    : row.passing() > 0 ? Style.WARNING : Style.FAULT;
            Table.Row cells = table.row()
                    .cell(row.name().value())
                    .cell(row.versions())
                    .cell(Integer.toString(row.instances().size()))
                    .cell(Long.toString(row.passing()), style);
            row.figures()
                    .filter(f -> f.requests() > 0)
                    .ifPresent(f -> cells.cell(String.format(Locale.ROOT, "%.1f", f.requestsPerSecond()))
                            .cell(
                                    String.format(Locale.ROOT, "%.1f%%", 100 * f.errorRate()),
                                    f.failures() == 0 ? Style.PLAIN : Style.FAULT)
                            .cell(millis(f.averageMillis()))
                            .cell(millis(f.p95Millis()))
                            .cell(millis(f.p99Millis())));
        }
        return table;
    }

    private static String millis(double millis) {
        return Durations.text(Math.round(millis * 1e6));
    }
}
