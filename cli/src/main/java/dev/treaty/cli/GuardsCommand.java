package dev.treaty.cli;

import dev.treaty.Control;
import dev.treaty.Introspection;
import dev.treaty.Introspection.GuardStatus;
import dev.treaty.Treaty;
import dev.treaty.cli.config.CentralSettingsChange;
import dev.treaty.cli.output.Style;
import dev.treaty.cli.output.Table;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.text.PrintableText;
import dev.treaty.resilience.CircuitBreakerPolicy;
import dev.treaty.resilience.IsolationLevel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code treaty guards}: the guards of clients, their state and statistics. */
@Command(
        name = "guards",
        description = {
            "Lists the guards of clients, with their health and statistics.",
            "They are read from all registered processes. --level and --breaker set a central setting, which applies to"
                    + " processes that start later too; --reset changes the running processes that listen on loopback"
                    + " and run as the same user."
        },
        footer = {
            "  treaty guards",
            "  treaty guards shop.Payments --describe",
            "  treaty guards shop.Payments --level full --reason \"incident 12\" --expires 1h",
            "  treaty guards shop.Payments --breaker open",
            "  treaty guards shop.Payments --reset"
        })
final class GuardsCommand extends OutputCommand {
    @Parameters(paramLabel = "SERVICE", arity = "0..1", description = "The service that is called (default: all).")
    private @Nullable ServiceName service;

    @Option(names = "--describe", description = "Print every step in order, with its parameters and warnings.")
    private boolean describe;

    @Option(
            names = "--level",
            paramLabel = "LEVEL",
            description = "Set the isolation level: none, basic, enhanced or full. Requires SERVICE.")
    private @Nullable IsolationLevel level;

    @Option(
            names = "--breaker",
            paramLabel = "STATE",
            description = "Force the breakers open or closed; none ends that. Requires SERVICE.")
    private CircuitBreakerPolicy.@Nullable Forced breaker;

    @Option(names = "--reason", paramLabel = "TEXT", description = "Why --level or --breaker is set.")
    private String reason = "";

    @Option(
            names = "--expires",
            paramLabel = "DURATION",
            description = "After which time --level and --breaker have no effect any more.")
    private @Nullable Duration expires;

    @Option(names = "--reset", description = "Close the breakers and reset the statistics. Requires SERVICE.")
    private boolean reset;

    @Mixin
    private final RegistryOptions registry = new RegistryOptions();

    /** The guard of one service in one process. */
    private record Row(String process, ServiceEndpoint endpoint, String service, GuardStatus guard) {
        Map<String, Object> fields() {
            var fields = new LinkedHashMap<String, Object>();
            fields.put("process", process);
            fields.put("address", endpoint.toString());
            fields.put("service", service);
            fields.put("level", guard.level());
            fields.put("health", guard.health());
            fields.put("calls", guard.calls());
            fields.put("failed", guard.failed());
            fields.put("refused", guard.refused());
            fields.put("retries", guard.retries());
            fields.put("averageAttempts", Math.round(1000 * guard.averageAttempts()) / 1000.0);
            fields.put("fallbacksServed", guard.fallbacksServed());
            fields.put("fallbacksFailed", guard.fallbacksFailed());
            fields.put("warnings", guard.warnings());
            fields.put("description", guard.description());
            return fields;
        }
    }

    @Override
    public Integer call() throws InterruptedException {
        Map<String, String> forced = service == null ? Map.of() : forced(service);
        if (service == null && (level != null || breaker != null || reset)) {
            throw usageError("name the SERVICE whose guards to change");
        }
        if (forced.isEmpty() && (expires != null || !reason.isEmpty())) {
            throw usageError("--reason and --expires are those of --level or --breaker");
        }
        try (Treaty treaty = registry.open()) {
            List<Row> rows = rows(treaty);
            if (!forced.isEmpty()) {
                var central = new CentralSettingsChange(treaty, reason);
                central.awaitUsed(central.set(forced, Optional.ofNullable(expires)));
            }
            if (reset) {
                rows.forEach(row -> reset(treaty, row));
            }
            print(rows(treaty));
        }
        return Main.OK;
    }

    /** Returns the central settings that the options set. */
    private Map<String, String> forced(ServiceName called) {
        var settings = new LinkedHashMap<String, String>();
        if (level != null) {
            settings.put("services." + called + ".level", level.name().toLowerCase(Locale.ROOT));
        }
        if (breaker != null) {
            settings.put(
                    "services." + called + ".breaker.forced", breaker.name().toLowerCase(Locale.ROOT));
        }
        return settings;
    }

    private List<Row> rows(Treaty treaty) {
        var rows = new ArrayList<Row>();
        Set<String> called = new TreeSet<>();
        var instances = RegistryOptions.instances(treaty).values().stream().flatMap(List::stream);
        StatusQuery.of(treaty, instances.toList()).forEach((endpoint, status) -> {
            for (Introspection.Called client : status.calls()) {
                called.add(client.service());
                if (service == null || service.value().equals(client.service())) {
                    rows.add(new Row(status.report().application(), endpoint, client.service(), client.guard()));
                }
            }
        });
        if (service != null && rows.isEmpty()) {
            throw new CommandFailed(
                    "no client guards found for " + service + RegistryOptions.suggestion(service.value(), called));
        }
        return rows;
    }

    private static void reset(Treaty treaty, Row row) {
        try (var direct = treaty.direct(Control.class, row.endpoint)) {
            direct.client().reset(row.service);
        } catch (ServiceException e) {
            throw new CommandFailed(
                    e.code() == Code.UNIMPLEMENTED || e.code() == Code.NOT_FOUND
                            ? row.endpoint + " does not accept changes, because it does not listen on loopback"
                            : row.endpoint + " could not be changed: " + e.fault());
        }
    }

    private void print(List<Row> rows) {
        if (describe && !json()) {
            for (Row row : rows) {
                out().println(paint(Style.HEADING, PrintableText.line(row.process) + " at " + row.endpoint));
                out().println(row.guard.description());
            }
            return;
        }
        printList(rows.stream().map(Row::fields).toList(), () -> table(rows), "No client guards found.");
        if (!json()) {
            rows.stream()
                    .flatMap(row -> row.guard.warnings().stream()
                            .map(warning -> PrintableText.line(row.service + ": " + warning)))
                    .distinct()
                    .forEach(warning -> out().println(paint(Style.WARNING, warning)));
        }
    }

    private static Table table(List<Row> rows) {
        var table = new Table(
                "SERVICE",
                "CALLED BY",
                "LEVEL",
                "HEALTH",
                ">CALLS",
                ">FAILED",
                ">REFUSED",
                ">RETRIES",
                ">ATTEMPTS",
                ">FALLBACKS");
        for (Row row : rows) {
            GuardStatus guard = row.guard;
            String failed = guard.fallbacksFailed() == 0 ? "" : " (" + guard.fallbacksFailed() + " failed)";
            table.row(row.service, row.process, guard.level())
                    .cell(guard.health(), guard.health().equals("passing") ? Style.PLAIN : Style.WARNING)
                    .cells(guard.calls(), guard.failed(), guard.refused(), guard.retries())
                    .cells(
                            String.format(Locale.ROOT, "%.3f", guard.averageAttempts()),
                            guard.fallbacksServed() + failed);
        }
        return table;
    }
}
