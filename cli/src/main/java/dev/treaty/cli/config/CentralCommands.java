package dev.treaty.cli.config;

import dev.treaty.Treaty;
import dev.treaty.cli.Main;
import dev.treaty.cli.OutputCommand;
import dev.treaty.cli.RegistryOptions;
import dev.treaty.cli.output.Style;
import dev.treaty.cli.output.Table;
import dev.treaty.config.CentralSetting;
import dev.treaty.config.CentralSettings;
import dev.treaty.config.KeyPath;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The commands of {@code treaty config} for central settings. */
final class CentralCommands {
    private CentralCommands() {}

    private static String shown(Instant time) {
        return time.truncatedTo(ChronoUnit.SECONDS).toString();
    }

    private static String shown(Optional<?> value) {
        return value.map(each -> each instanceof Instant time ? shown(time) : each.toString())
                .orElse("-");
    }

    /** A command that reads the central settings. */
    abstract static class Reading extends OutputCommand {
        @Mixin
        private final RegistryOptions registry = new RegistryOptions();

        final CentralSettings read() {
            try (Treaty treaty = registry.open()) {
                return RegistryOptions.reaching(
                        treaty,
                        () -> CentralSettings.parse(treaty.registry().settings().read()));
            }
        }
    }

    /** A command that changes central settings, and prints what the running processes use afterwards. */
    abstract static class Changing extends OutputCommand {
        @Option(names = "--reason", paramLabel = "TEXT", description = "Why, for other operators.")
        private String reason = "";

        @Mixin
        private final RegistryOptions registry = new RegistryOptions();

        abstract CentralSettingsChange.Result change(CentralSettingsChange central);

        @Override
        public Integer call() throws InterruptedException {
            try (Treaty treaty = registry.open()) {
                var central = new CentralSettingsChange(treaty, reason);
                CentralSettingsChange.Result result = change(central);
                print(result, central.used(result));
            }
            return Main.OK;
        }

        private void print(CentralSettingsChange.Result result, Map<CentralSettingsChange.Used, List<String>> used) {
            if (json()) {
                var document = new LinkedHashMap<String, Object>();
                document.put("revision", result.after().revision());
                document.put(
                        "changes",
                        result.changes().stream().map(CentralCommands::fields).toList());
                document.put("used", CentralSettingsChange.fields(used));
                printJson(document);
                return;
            }
            if (result.changes().isEmpty()) {
                out().println("Nothing differs: revision " + result.after().revision() + " stays.");
                return;
            }
            for (CentralSettings.Change change : result.changes()) {
                out().println(change.key()
                        + change.after().map(value -> " = " + value).orElse(" is removed") + ", revision "
                        + change.revision()
                        + change.expiresAt().map(end -> ", until " + shown(end)).orElse(""));
            }
            if (used.isEmpty()) {
                out().println("No running process was found; those that start use it.");
                return;
            }
            CentralSettingsChange.table(used).print(out(), ansi());
            used.entrySet().stream()
                    .filter(each -> !each.getKey().changed())
                    .forEach(each -> out().println(paint(
                            Style.WARNING,
                            String.join(", ", each.getValue()) + ": "
                                    + each.getKey().key() + " stays "
                                    + each.getKey().value() + ", "
                                    + each.getKey().origin())));
        }
    }

    /** {@code treaty config set}. */
    @Command(
            name = "set",
            description = {
                "Sets a value for all processes that use the registry, now and after they restart.",
                "It goes before their files, and after their environment and command lines; processes in which these"
                        + " win are listed. The author is the user of the operating system, which is not proven."
            },
            footer = {
                "  treaty config set defaults.deadline 2s",
                "  treaty config set services.shop.Orders.level basic --reason \"incident 12\" --expires 1h",
                "  treaty config set services.shop.Payments.breaker.forced open",
                "  treaty config set services.shop.Orders.rate-limit.permits 500"
            })
    static final class SetValue extends Changing {
        @Parameters(index = "0", paramLabel = "KEY", description = "The full key; docs/configuration.md lists all.")
        private String key = "";

        @Parameters(index = "1", paramLabel = "VALUE", description = "The value, as in a file.")
        private String value = "";

        @Option(
                names = "--expires",
                paramLabel = "DURATION",
                description = "After which time it has no effect any more (default: it stays until it is removed).")
        private @Nullable Duration expires;

        @Override
        CentralSettingsChange.Result change(CentralSettingsChange central) {
            if (expires != null && !expires.isPositive()) {
                throw usageError("--expires must be greater than zero, such as 1h");
            }
            return central.set(Map.of(key, value), Optional.ofNullable(expires));
        }
    }

    /** {@code treaty config unset}. */
    @Command(
            name = "unset",
            description = "Removes a central setting, so that the values of files apply again.",
            footer = "  treaty config unset services.shop.Orders.level --reason \"incident 12 is over\"")
    static final class Unset extends Changing {
        @Parameters(paramLabel = "KEY", description = "The full key.")
        private String key = "";

        @Override
        CentralSettingsChange.Result change(CentralSettingsChange central) {
            return central.unset(KeyPath.parse(key).toString());
        }
    }

    /** {@code treaty config list}. */
    @Command(
            name = "list",
            description = "Lists the central settings, with author, reason and expiry.",
            footer = "  treaty config list")
    static final class ListAll extends Reading {
        @Override
        public Integer call() {
            List<CentralSetting> settings = read().settings(Instant.now());
            var table = new Table("SETTING", "VALUE", "REVISION", "AT", "BY", "UNTIL", "REASON");
            for (CentralSetting each : settings) {
                table.row(each.key(), each.value(), each.revision(), shown(each.setAt()), each.author())
                        .cells(shown(each.expiresAt()), each.reason());
            }
            printList(
                    settings.stream().map(CentralCommands::fields).toList(),
                    () -> table,
                    "There are no central settings.");
            return Main.OK;
        }
    }

    /** {@code treaty config history}. */
    @Command(
            name = "history",
            description = "Lists the latest changes of central settings, the newest first.",
            footer = {"  treaty config history", "  treaty config history --max 5"})
    static final class History extends Reading {
        @Option(names = "--max", paramLabel = "NUMBER", description = "The most changes to list (default: 20).")
        private int max = 20;

        @Override
        public Integer call() {
            if (max < 1) {
                throw usageError("--max must be 1 or more");
            }
            List<CentralSettings.Change> changes =
                    read().history().stream().limit(max).toList();
            var table = new Table("REVISION", "AT", "BY", "SETTING", "BEFORE", "AFTER", "UNTIL", "REASON");
            for (CentralSettings.Change each : changes) {
                table.row(each.revision(), shown(each.at()), each.author(), each.key())
                        .cells(shown(each.before()), shown(each.after()), shown(each.expiresAt()), each.reason());
            }
            printList(
                    changes.stream().map(CentralCommands::fields).toList(),
                    () -> table,
                    "No central setting has been changed.");
            return Main.OK;
        }
    }

    /** {@code treaty config rollback}. */
    @Command(
            name = "rollback",
            description = "Restores the central settings as they were after a revision, as a new revision.",
            footer = "  treaty config rollback 17 --reason \"deploy 4 failed\"")
    static final class Rollback extends Changing {
        @Parameters(paramLabel = "REVISION", description = "A revision of the history; 0 for no central settings.")
        private long revision;

        @Override
        CentralSettingsChange.Result change(CentralSettingsChange central) {
            return central.rollback(revision);
        }
    }

    private static Map<String, Object> fields(CentralSettings.Change change) {
        var fields = new LinkedHashMap<String, Object>();
        fields.put("revision", change.revision());
        fields.put("key", change.key());
        change.before().ifPresent(value -> fields.put("before", value));
        change.after().ifPresent(value -> fields.put("after", value));
        fields.put("by", change.author());
        fields.put("reason", change.reason());
        fields.put("at", change.at().toString());
        change.expiresAt().ifPresent(end -> fields.put("expiresAt", end.toString()));
        return fields;
    }

    private static Map<String, Object> fields(CentralSetting setting) {
        var fields = new LinkedHashMap<String, Object>();
        fields.put("key", setting.key());
        fields.put("value", setting.value());
        fields.put("revision", setting.revision());
        fields.put("by", setting.author());
        fields.put("reason", setting.reason());
        fields.put("at", setting.setAt().toString());
        setting.expiresAt().ifPresent(end -> fields.put("expiresAt", end.toString()));
        return fields;
    }
}
