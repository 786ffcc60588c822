package dev.treaty.cli;

import dev.treaty.cli.output.Style;
import dev.treaty.cli.output.Table;
import dev.treaty.config.Setting;
import dev.treaty.config.Settings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code treaty config}: the effective settings and their origins. */
@Command(
        name = "config",
        description = {
            "Checks a configuration, and prints every setting with its origin.",
            "The configuration is a file and the TREATY_… variables. The exit code is 2 if there is an error."
        },
        footer = {
            "  treaty config                        treaty.yaml, if it exists, and the environment",
            "  treaty config production.yaml --set  only what differs from the defaults"
        })
final class ConfigCommand extends OutputCommand {
    private static final Path USUAL = Path.of("treaty.yaml");

    /** The origins of values that nothing sets. */
    private static final Set<String> UNSET = Set.of("default", "inherited");

    @Parameters(paramLabel = "FILE", arity = "0..1", description = "The file (default: treaty.yaml, if it exists).")
    private @Nullable Path file;

    @Option(names = "--set", description = "Print only what a file or a variable sets.")
    private boolean set;

    @Override
    public Integer call() {
        Path source = file == null && Files.exists(USUAL) ? USUAL : file;
        Settings.Effective effective = source == null
                ? Settings.effective("environment", "", System.getenv())
                : Settings.effective(source, System.getenv());
        List<Setting> settings = effective.values().stream()
                .filter(setting -> !set || !UNSET.contains(setting.origin()))
                .toList();
        var documents = settings.stream().map(ConfigCommand::fields).toList();
        printList(documents, () -> table(settings), "Nothing is set: all defaults are effective.");
        return Main.OK;
    }

    private static Table table(List<Setting> settings) {
        var table = new Table("SETTING", "VALUE", "FROM");
        for (Setting setting : settings) {
            table.row(setting.key(), setting.value())
                    .cell(setting.origin(), UNSET.contains(setting.origin()) ? Style.FAINT : Style.PLAIN);
        }
        return table;
    }

    private static Map<String, Object> fields(Setting setting) {
        var fields = new LinkedHashMap<String, Object>();
        fields.put("key", setting.key());
        fields.put("value", setting.value());
        fields.put("from", setting.origin());
        return fields;
    }
}
