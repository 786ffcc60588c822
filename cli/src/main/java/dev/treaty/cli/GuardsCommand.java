package dev.treaty.cli;

import dev.treaty.Control;
import dev.treaty.Introspection;
import dev.treaty.Introspection.GuardStatus;
import dev.treaty.Treaty;
import dev.treaty.cli.output.Style;
import dev.treaty.cli.output.Table;
import dev.treaty.codec.Json;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.resilience.IsolationLevel;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code treaty guards}: what stands between processes and the services that they call, and how that goes. */
@Command(
        name = "guards",
        description = "Lists what stands between the processes of the fabric and the services that they call: level,"
                + " health, and what has been counted. It can be changed while calls run, in processes that listen on"
                + " loopback.",
        footer = {
            "",
            "Examples:",
            "  treaty guards",
            "  treaty guards shop.Payments --describe",
            "  treaty guards shop.Payments --level full",
            "  treaty guards shop.Payments --reset",
            "",
            "Exit code 1: nobody calls the service, or a process does not take changes."
        })
final class GuardsCommand implements Callable<Integer> {
    @Parameters(
            paramLabel = "SERVICE",
            arity = "0..1",
            converter = Converters.Service.class,
            description = "The service that is called; all where none is named.")
    private @Nullable ServiceName service;

    @Option(names = "--describe", description = "Print every step in its order, with every parameter and warning.")
    private boolean describe;

    @Option(
            names = "--level",
            paramLabel = "LEVEL",
            converter = Converters.Level.class,
            description = "Put another level in force: none, basic, enhanced, full. Needs SERVICE.")
    private @Nullable IsolationLevel level;

    @Option(names = "--reset", description = "Close the breakers and count anew. Needs SERVICE.")
    private boolean reset;

    @Option(names = "--json", description = "Print a JSON array of guards.")
    private boolean json;

    @Mixin
    private final RegistryOptions registry = new RegistryOptions();

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli puts it in before it runs anything
    private CommandSpec spec;

    /** A guard in one process. */
    private record Row(String process, String address, String service, GuardStatus guard) {
        Map<String, Object> fields() {
            var fields = new LinkedHashMap<String, Object>();
            fields.put("process", process);
            fields.put("address", address);
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
    public Integer call() {
        if (service == null && (level != null || reset)) {
            throw new CommandFailed("name the SERVICE whose guards are to be changed");
        }
        try (Treaty treaty = registry.open()) {
            Map<String, ServiceEndpoint> processes = processes(treaty);
            List<Row> rows = rows(treaty, processes);
            if (service != null && (level != null || reset)) {
                change(treaty, processes, rows, service.value());
                rows = rows(treaty, processes);
            }
            print(rows);
            return service != null && rows.isEmpty() ? Main.FAILED : Main.OK;
        }
    }

    private static Map<String, ServiceEndpoint> processes(Treaty treaty) {
        var processes = new TreeMap<String, ServiceEndpoint>();
        for (ServiceName name : RegistryOptions.services(treaty)) {
            RegistryOptions.instances(treaty, name)
                    .forEach(i -> processes.put(i.endpoint().toString(), i.endpoint()));
        }
        return processes;
    }

    private List<Row> rows(Treaty treaty, Map<String, ServiceEndpoint> processes) {
        var rows = new ArrayList<Row>();
        StatusQuery.of(treaty, processes.values()).forEach((address, status) -> {
            for (Introspection.Called called : status.calls()) {
                if (service == null || service.value().equals(called.service())) {
                    rows.add(new Row(status.report().application(), address, called.service(), called.guard()));
                }
            }
        });
        return rows;
    }

    private void change(Treaty treaty, Map<String, ServiceEndpoint> processes, List<Row> rows, String name) {
        for (Row row : rows) {
            try (var direct = treaty.direct(
                    Control.class,
                    Optional.ofNullable(processes.get(row.address)).orElseThrow())) {
                if (level != null) {
                    direct.client().level(name, level);
                }
                if (reset) {
                    direct.client().reset(name);
                }
            } catch (ServiceException e) {
                throw new CommandFailed(
                        e.code() == Code.UNIMPLEMENTED || e.code() == Code.NOT_FOUND
                                ? row.address + " takes no changes, since it does not listen on loopback"
                                : row.address + " could not be changed: " + e.fault());
            }
        }
    }

    private void print(List<Row> rows) {
        PrintWriter out = spec.commandLine().getOut();
        Ansi ansi = spec.commandLine().getColorScheme().ansi();
        if (json) {
            out.println(Json.indented(rows.stream().map(Row::fields).toList()));
        } else if (rows.isEmpty()) {
            out.println(service == null ? "No process calls a service." : "No process calls " + service + ".");
        } else if (describe) {
            for (Row row : rows) {
                out.println(Style.HEADING.paint(ansi, row.process + " at " + row.address));
                out.println(row.guard.description());
            }
        } else {
            table(rows).print(out, ansi);
            rows.stream()
                    .flatMap(row -> row.guard.warnings().stream().map(w -> row.service + ": " + w))
                    .distinct()
                    .forEach(warning -> out.println(Style.WARNING.paint(ansi, warning)));
        }
        out.flush();
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
            String fallbacks = guard.fallbacksFailed() == 0
                    ? Long.toString(guard.fallbacksServed())
                    : guard.fallbacksServed() + " (" + guard.fallbacksFailed() + " failed)";
            table.row()
                    .cell(row.service)
                    .cell(row.process)
                    .cell(guard.level())
                    .cell(guard.health(), guard.health().equals("passing") ? Style.PLAIN : Style.WARNING)
                    .cell(Long.toString(guard.calls()))
                    .cell(Long.toString(guard.failed()))
                    .cell(Long.toString(guard.refused()))
                    .cell(Long.toString(guard.retries()))
                    .cell(String.format(Locale.ROOT, "%.3f", guard.averageAttempts()))
                    .cell(fallbacks);
        }
        return table;
    }
}
