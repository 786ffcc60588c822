package dev.treaty.cli;

import dev.treaty.Treaty;
import dev.treaty.cli.output.JsonDocuments;
import dev.treaty.cli.output.Style;
import dev.treaty.codec.Json;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.DiscoveryEvent;
import dev.treaty.core.event.Event;
import dev.treaty.registry.RegistryLimits;
import java.io.PrintWriter;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code treaty watch}: every change, as it comes. */
@Command(
        name = "watch",
        description = "Prints what is registered, and then every change as it comes, until Ctrl-C.",
        footer = {
            "",
            "Examples:",
            "  treaty watch                         every service, new ones too",
            "  treaty watch shop.Orders --json      one JSON object per line"
        })
final class WatchCommand implements Callable<Integer> {
    /** How often to look for services that are new; changes of known ones are pushed. */
    private static final Duration LOOK = Duration.ofSeconds(1);

    private static final DateTimeFormatter CLOCK = DateTimeFormatter.ofPattern("HH:mm:ss.SSS");

    @Parameters(
            paramLabel = "SERVICE",
            arity = "0..*",
            converter = Converters.Service.class,
            description = "The services; all where none is named.")
    private List<ServiceName> services = List.of();

    @Option(names = "--json", description = "Print one JSON object per line.")
    private boolean json;

    @Option(
            names = "--for",
            paramLabel = "DURATION",
            converter = Converters.Time.class,
            description = "End after that long, such as 30s.")
    private @Nullable Duration duration;

    @Mixin
    private final RegistryOptions registry = new RegistryOptions();

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli puts it in before it runs anything
    private CommandSpec spec;

    @Override
    public Integer call() throws InterruptedException {
        long end = System.nanoTime() + (duration == null ? Long.MAX_VALUE / 2 : duration.toNanos());
        try (Treaty treaty = registry.open()) {
            treaty.events().subscribe(event -> {
                if (event instanceof Event.RegistryChanged(var _, var reachable, var message)) {
                    print(reachable, message);
                }
            });
            Set<ServiceName> watched = new HashSet<>();
            do {
                for (ServiceName name : wanted(treaty)) {
                    if (watched.add(name)) {
                        treaty.registry().watch(name, this::print); // ends with the registry
                    }
                }
                if (watched.isEmpty()) {
                    RegistryOptions.reached(treaty);
                }
                TimeUnit.NANOSECONDS.sleep(Math.min(LOOK.toNanos(), end - System.nanoTime()));
            } while (end - System.nanoTime() > 0);
        }
        return Main.OK;
    }

    private Collection<ServiceName> wanted(Treaty treaty) {
        Collection<ServiceName> wanted = services.isEmpty() ? treaty.registry().services() : services;
        if (wanted.size() > RegistryLimits.BATCH_MAX) {
            throw new CommandFailed("there are " + wanted.size() + " services to watch, and a process can follow "
                    + RegistryLimits.BATCH_MAX
                    + " at most: name those that matter, as in \"treaty watch shop.Orders\"");
        }
        return wanted;
    }

    /** What keeps the list from being current is as much worth knowing as a change of it. */
    private synchronized void print(boolean reachable, String message) {
        PrintWriter out = spec.commandLine().getOut();
        String now = Instant.now().truncatedTo(ChronoUnit.MILLIS).toString();
        if (json) {
            var object = new LinkedHashMap<String, Object>();
            object.put("event", reachable ? "current" : "stale");
            object.put("timestamp", now);
            object.put("message", message);
            out.println(Json.text(object));
            return;
        }
        Ansi ansi = spec.commandLine().getColorScheme().ansi();
        out.println(Style.FAINT.paint(ansi, CLOCK.format(LocalTime.now(ZoneId.systemDefault()))) + " "
                + (reachable ? Style.GOOD : Style.WARNING).paint(ansi, reachable ? "current" : "stale  ") + " "
                + message);
    }

    private synchronized void print(DiscoveryEvent event) {
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            out.println(Json.text(JsonDocuments.of(event)));
            return;
        }
        Ansi ansi = spec.commandLine().getColorScheme().ansi();
        var instance = event.instance();
        String time =
                CLOCK.format(event.timestamp().truncatedTo(ChronoUnit.MILLIS).atZone(ZoneId.systemDefault()));
        String reason = event instanceof DiscoveryEvent.Removed removed ? ": " + removed.reason() : "";
        String message = instance.health().message().isEmpty()
                ? ""
                : " (" + instance.health().message() + ")";
        out.println(Style.FAINT.paint(ansi, time) + " "
                + style(event).paint(ansi, "%-7s".formatted(JsonDocuments.word(event)))
                + " " + instance.service() + " " + instance.version() + " " + instance.id() + " " + instance.endpoint()
                + " " + JsonDocuments.style(instance.health()).paint(ansi, JsonDocuments.word(instance.health()))
                + message
                + reason);
    }

    private static Style style(DiscoveryEvent event) {
        return switch (event) {
            case DiscoveryEvent.Added _ -> Style.GOOD;
            case DiscoveryEvent.Updated _ -> Style.ACTION;
            case DiscoveryEvent.Removed _ -> Style.FAULT;
        };
    }
}
