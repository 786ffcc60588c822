package dev.treaty.cli.config;

import dev.treaty.Introspection.ConfigurationStatus;
import dev.treaty.Treaty;
import dev.treaty.cli.CommandGroup;
import dev.treaty.cli.Main;
import dev.treaty.cli.OutputCommand;
import dev.treaty.cli.RegistryOptions;
import dev.treaty.cli.output.Style;
import dev.treaty.cli.output.Table;
import dev.treaty.config.CentralSetting;
import dev.treaty.config.CentralSettings;
import dev.treaty.config.ConfigurationSources;
import dev.treaty.config.Setting;
import dev.treaty.config.SettingChange;
import dev.treaty.config.Settings;
import dev.treaty.config.SettingsSchema;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.text.PrintableText;
import dev.treaty.registry.RegistryAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code treaty config}: the settings of processes, in files and in a registry. */
@Command(
        name = "config",
        description = "Shows, checks and compares settings, and changes central settings, which a registry keeps.",
        subcommands = {
            ConfigCommand.Show.class,
            ConfigCommand.Check.class,
            ConfigCommand.Diff.class,
            ConfigCommand.Schema.class,
            CentralCommands.SetValue.class,
            CentralCommands.Unset.class,
            CentralCommands.ListAll.class,
            CentralCommands.History.class,
            CentralCommands.Rollback.class
        },
        footerHeading = OutputCommand.EXAMPLES,
        footer = {
            "  treaty config show --origin",
            "  treaty config check treaty.yaml --profile prod",
            "  treaty config set services.shop.Orders.deadline 2s --expires 1h",
            "  treaty config history"
        })
public final class ConfigCommand extends CommandGroup {
    private static final Path USUAL = Path.of("treaty.yaml");

    /** The origins of values that nothing sets. */
    private static final Set<String> UNSET = Set.of("default", "inherited");

    private static Optional<Path> usualIfNone(@Nullable Path file) {
        return Optional.ofNullable(file).or(() -> Optional.of(USUAL).filter(Files::exists));
    }

    private static Map<String, Object> fields(Setting setting) {
        var fields = new LinkedHashMap<String, Object>();
        fields.put("key", setting.key());
        fields.put("value", setting.value());
        fields.put("from", setting.origin());
        return fields;
    }

    /** {@code treaty config show}. */
    @Command(
            name = "show",
            description = {
                "Prints every setting in effect, from all layers, later ones first: command line, environment, central"
                        + " settings, conf.d, profile, file, defaults.",
                "Central settings are read from the registry that the settings name, if it can be reached. With"
                        + " --instance, the settings are those of a running process."
            },
            footer = {
                "  treaty config show                      treaty.yaml, if it exists, and all other layers",
                "  treaty config show --changed --origin   only what differs from the defaults, with file and line",
                "  treaty config show --service shop.Orders",
                "  treaty config show --instance Orders-6f3a"
            })
    static final class Show extends OutputCommand {
        @Parameters(paramLabel = "FILE", arity = "0..1", description = "The file (default: treaty.yaml, if it exists).")
        private @Nullable Path file;

        @Option(names = "--origin", description = "Print where each value is from: file and line, variable, author.")
        private boolean origin;

        @Option(names = "--changed", description = "Print only what a layer sets, without defaults.")
        private boolean changed;

        @Option(
                names = "--service",
                paramLabel = "SERVICE",
                description = "Print only what applies to calls of this service.")
        private @Nullable ServiceName service;

        @Option(names = "--instance", paramLabel = "ID", description = "Ask the process that serves this instance.")
        private @Nullable String instance;

        @Option(
                names = "--registry",
                paramLabel = "ADDRESS",
                description = "The registry with the central settings (default: that of the settings).")
        private @Nullable RegistryAddress registry;

        @Mixin
        private final LayerOptions layers = new LayerOptions();

        @Override
        public Integer call() {
            ConfigurationSources sources = layers.sources(usualIfNone(file), System.getenv());
            Settings.Effective local = sources.read(List.of());
            List<Setting> all = instance == null ? withCentral(sources, local) : ofInstance(local, instance);
            List<Setting> shown = ofService(all).stream()
                    .filter(setting -> !changed || !UNSET.contains(setting.origin()))
                    .toList();
            printList(
                    shown.stream().map(ConfigCommand::fields).toList(),
                    () -> table(shown),
                    changed ? "Nothing is set: all defaults are in effect." : "No setting has that key.");
            return Main.OK;
        }

        private Settings settings(Settings.Effective local) {
            return registry != null
                    ? local.settings().withRegistry(registry)
                    : RegistryOptions.orUsual(local.settings());
        }

        /** Adds the central settings; those of the usual registry only if there is one. */
        private List<Setting> withCentral(ConfigurationSources sources, Settings.Effective local) {
            List<CentralSetting> central;
            try (Treaty treaty = Treaty.open(settings(local))) {
                central = CentralSettings.parse(treaty.registry().settings().read())
                        .settings(Instant.now());
            } catch (ServiceException e) {
                boolean named = registry != null || !(local.settings().registry() instanceof RegistryAddress.Embedded);
                if (named) {
                    spec().commandLine()
                            .getErr()
                            .println(paint(
                                    Style.WARNING,
                                    "central settings are missing, because the registry does not respond: "
                                            + PrintableText.line(String.valueOf(e.getMessage()))));
                }
                return local.values();
            }
            return sources.read(central).values();
        }

        /** Reads the settings in force in a process, and warns if it has refused later ones. */
        private List<Setting> ofInstance(Settings.Effective local, String id) {
            try (Treaty treaty = Treaty.open(settings(local))) {
                Processes.status(treaty, id).ifPresent(this::warn);
                return Processes.settings(treaty, id);
            }
        }

        private void warn(ConfigurationStatus status) {
            var err = spec().commandLine().getErr();
            status.refused()
                    .ifPresent(why -> err.println(paint(
                            Style.WARNING,
                            "the latest settings were refused, generation " + status.generation() + " stays in force: "
                                    + PrintableText.line(why))));
            if (!status.restartNeeded().isEmpty()) {
                err.println(paint(
                        Style.WARNING,
                        "changed, and used after the next start: " + String.join(", ", status.restartNeeded())));
            }
        }

        /** The settings of a service; those of all services if it has none of its own. */
        private List<Setting> ofService(List<Setting> all) {
            if (service == null) {
                return all;
            }
            List<Setting> own = below(all, List.of("services." + service + "."));
            return own.isEmpty() ? below(all, List.of("defaults.", "balance.")) : own;
        }

        private static List<Setting> below(List<Setting> all, List<String> prefixes) {
            return all.stream()
                    .filter(setting -> prefixes.stream().anyMatch(setting.key()::startsWith))
                    .toList();
        }

        private Table table(List<Setting> settings) {
            var table = origin ? new Table("SETTING", "VALUE", "FROM") : new Table("SETTING", "VALUE");
            for (Setting setting : settings) {
                Table.Row row = table.row(setting.key(), setting.value());
                if (origin) {
                    row.cell(setting.origin(), UNSET.contains(setting.origin()) ? Style.FAINT : Style.PLAIN);
                }
            }
            return table;
        }
    }

    /** {@code treaty config check}. */
    @Command(
            name = "check",
            description = {
                "Checks a file, with its profile, conf.d and the environment: every key and value, and policies that"
                        + " contradict each other.",
                "The exit code is 2 if something is wrong, and 1 if there are warnings and --strict is given."
            },
            footer = {"  treaty config check treaty.yaml", "  treaty config check --profile prod --strict"})
    static final class Check extends OutputCommand {
        @Parameters(paramLabel = "FILE", arity = "0..1", description = "The file (default: treaty.yaml).")
        private Path file = USUAL;

        @Option(names = "--strict", description = "Fail if there are warnings.")
        private boolean strict;

        @Mixin
        private final LayerOptions layers = new LayerOptions();

        @Override
        public Integer call() {
            Settings.Effective read =
                    layers.sources(Optional.of(file), System.getenv()).read(List.of());
            long set = read.values().stream()
                    .filter(setting -> !UNSET.contains(setting.origin()))
                    .count();
            if (json()) {
                printJson(new LinkedHashMap<>(Map.of("valid", true, "set", set, "warnings", read.warnings())));
            } else {
                read.warnings().forEach(warning -> out().println(paint(Style.WARNING, "warning: " + warning)));
                out().println(file + " is valid; " + set + (set == 1 ? " value is set" : " values are set"));
            }
            return strict && !read.warnings().isEmpty() ? Main.FAILED : Main.OK;
        }
    }

    /** {@code treaty config diff}. */
    @Command(
            name = "diff",
            description = {
                "Prints which settings differ between two files, or a file with and without a profile, as"
                        + " FILE@PROFILE.",
                "With one file, it is compared with treaty.yaml, or with what is in force in a running process."
            },
            footer = {
                "  treaty config diff treaty.yaml treaty.yaml@prod",
                "  treaty config diff new.yaml                         compares treaty.yaml with new.yaml",
                "  treaty config diff new.yaml --instance Orders-6f3a  what new.yaml would change there"
            })
    static final class Diff extends OutputCommand {
        @Parameters(
                paramLabel = "FILE[@PROFILE]",
                arity = "1..2",
                description = "One or two files, each with a profile or without.")
        private List<String> files = List.of();

        @Option(names = "--instance", paramLabel = "ID", description = "Compare with the process of this instance.")
        private @Nullable String instance;

        @Mixin
        private final RegistryOptions registry = new RegistryOptions();

        @Override
        public Integer call() {
            if (instance != null && files.size() > 1) {
                throw usageError("compare one file with --instance");
            }
            Settings.Effective after = read(files.getLast());
            List<SettingChange> changes = instance != null
                    ? SettingChange.between(ofInstance(instance), after.values())
                    : read(files.size() == 1 ? USUAL.toString() : files.getFirst())
                            .changes(after);
            printList(changes.stream().map(Diff::fields).toList(), () -> table(changes), "No setting differs.");
            return Main.OK;
        }

        private static Settings.Effective read(String fileAndProfile) {
            int at = fileAndProfile.lastIndexOf('@');
            Path file = Path.of(at < 0 ? fileAndProfile : fileAndProfile.substring(0, at));
            var sources = ConfigurationSources.of(file, System.getenv());
            return (at < 0 ? sources : sources.withProfile(fileAndProfile.substring(at + 1))).read(List.of());
        }

        private List<Setting> ofInstance(String id) {
            try (Treaty treaty = registry.open()) {
                return Processes.settings(treaty, id);
            }
        }

        private static Map<String, Object> fields(SettingChange change) {
            var fields = new LinkedHashMap<String, Object>();
            fields.put("key", change.key());
            fields.put("before", change.before().map(ConfigCommand::fields));
            fields.put("after", change.after().map(ConfigCommand::fields));
            return fields;
        }

        private static Table table(List<SettingChange> changes) {
            var table = new Table("SETTING", "BEFORE", "AFTER", "FROM");
            for (SettingChange change : changes) {
                table.row(
                        change.key(),
                        change.before().map(Setting::value).orElse("-"),
                        change.after().map(Setting::value).orElse("-"),
                        change.after().map(Setting::origin).orElse(""));
            }
            return table;
        }
    }

    /** {@code treaty config schema}. */
    @Command(
            name = "schema",
            description = "Prints the JSON Schema of the file, for editors that complete and check keys.",
            footer = "  treaty config schema > treaty.schema.json")
    static final class Schema extends OutputCommand {
        @Override
        public Integer call() {
            out().println(SettingsSchema.json());
            return Main.OK;
        }
    }
}
