package dev.treaty.cli;

import dev.treaty.Treaty;
import dev.treaty.cli.output.JsonDocuments;
import dev.treaty.cli.output.Style;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.DiscoveryEvent;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.event.Event;
import dev.treaty.core.text.PrintableText;
import dev.treaty.core.text.Secrets;
import dev.treaty.registry.RegistryLimits;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code treaty watch}: prints changes of the registry as they occur. */
@Command(
        name = "watch",
        description = "Prints the registered instances, and then every change as it occurs, until Ctrl-C.",
        footer = {
            "  treaty watch                         all services, including new ones",
            "  treaty watch shop.Orders --json      one JSON object per line"
        })
final class WatchCommand extends OutputCommand {
    /** How often the list of services is read. Changes of watched services are pushed. */
    private static final Duration REFRESH_INTERVAL = Duration.ofSeconds(1);

    private static final DateTimeFormatter CLOCK = DateTimeFormatter.ofPattern("HH:mm:ss.SSS");

    @Parameters(paramLabel = "SERVICE", arity = "0..*", description = "The services (default: all).")
    private List<ServiceName> services = List.of();

    @Option(names = "--for", paramLabel = "DURATION", description = "End after this time, such as 30s.")
    private @Nullable Duration duration;

    @Mixin
    private final RegistryOptions registry = new RegistryOptions();

    @Override
    public Integer call() throws InterruptedException {
        long end = System.nanoTime() + (duration == null ? Long.MAX_VALUE / 2 : duration.toNanos());
        try (Treaty treaty = registry.open()) {
            treaty.events().subscribe(event -> {
                if (event instanceof Event.RegistryChanged(var _, var reachable, var _, var message)) {
                    print(reachable, message);
                }
            });
            Set<ServiceName> watched = new HashSet<>();
            do {
                for (ServiceName name : wanted(treaty)) {
                    if (watched.add(name)) {
                        treaty.registry().watch(name, this::print); // ends when the registry is closed
                    }
                }
                if (watched.isEmpty()) {
                    RegistryOptions.requireReached(treaty);
                }
                TimeUnit.NANOSECONDS.sleep(Math.min(REFRESH_INTERVAL.toNanos(), end - System.nanoTime()));
            } while (end - System.nanoTime() > 0 && !out().checkError()); // an error if no program reads the output
        }
        return Main.OK;
    }

    private Collection<ServiceName> wanted(Treaty treaty) {
        Collection<ServiceName> wanted = services.isEmpty() ? treaty.registry().services() : services;
        if (wanted.size() > RegistryLimits.BATCH_MAX) {
            throw new CommandFailed(
                    "there are " + wanted.size() + " services to watch, and a process can watch at most "
                            + RegistryLimits.BATCH_MAX + ": name some, as in \"treaty watch shop.Orders\"");
        }
        return wanted;
    }

    /** Prints that the list of instances has become stale, or current again. */
    private void print(boolean reachable, String message) {
        Instant now = Instant.now();
        if (json()) {
            var object = new LinkedHashMap<String, Object>();
            object.put("event", reachable ? "current" : "stale");
            object.put("timestamp", now.truncatedTo(ChronoUnit.MILLIS).toString());
            object.put("message", message);
            printJsonLine(object);
        } else {
            print(
                    now,
                    reachable ? Style.GOOD : Style.WARNING,
                    reachable ? "current" : "stale",
                    PrintableText.line(Secrets.mask(message)));
        }
    }

    private void print(DiscoveryEvent event) {
        if (json()) {
            printJsonLine(JsonDocuments.of(event));
            return;
        }
        ServiceInstance instance = event.instance();
        String message = instance.health().message();
        Style style = switch (event) {
            case DiscoveryEvent.Added _ -> Style.GOOD;
            case DiscoveryEvent.Updated _ -> Style.ACTION;
            case DiscoveryEvent.Removed _ -> Style.FAULT;
        };
        print(
                event.timestamp(),
                style,
                JsonDocuments.word(event),
                instance.service() + " " + instance.version() + " " + instance.id() + " " + instance.endpoint() + " "
                        + paint(JsonDocuments.style(instance.health()), JsonDocuments.word(instance.health()))
                        + (message.isEmpty() ? "" : " (" + message + ")")
                        + (event instanceof DiscoveryEvent.Removed removed
                                ? ": " + PrintableText.line(removed.reason())
                                : ""));
    }

    private void print(Instant time, Style style, String event, String text) {
        String clock = CLOCK.format(time.atZone(ZoneId.systemDefault()));
        out().println(paint(Style.FAINT, clock) + " " + paint(style, "%-7s".formatted(event)) + " " + text);
    }
}
