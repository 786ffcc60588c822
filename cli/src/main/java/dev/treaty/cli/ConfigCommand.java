package dev.treaty.cli;

import dev.treaty.cli.output.Style;
import dev.treaty.cli.output.Table;
import dev.treaty.codec.Json;
import dev.treaty.config.Setting;
import dev.treaty.config.Settings;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code treaty config}: what is in force, and why. */
@Command(
        name = "config",
        description = "Checks a configuration file and the TREATY_… variables, and prints every setting in force with"
                + " where it came from. The exit code is 2 where something is wrong.",
        footer = {
            "",
            "Examples:",
            "  treaty config                        treaty.yaml, if there is one, and the environment",
            "  treaty config production.yaml --set  only what differs from the defaults"
        })
final class ConfigCommand implements Callable<Integer> {
    /** The file that is read where none is named. */
    static final Path USUAL = Path.of("treaty.yaml");

    @Parameters(
            paramLabel = "FILE",
            arity = "0..1",
            description = "The file; treaty.yaml where none is named, if there is one.")
    private @Nullable Path file;

    @Option(names = "--set", description = "Only what somebody has set.")
    private boolean set;

    @Option(names = "--json", description = "Print a JSON array of settings.")
    private boolean json;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli puts it in before it runs anything
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        Path source = file == null && Files.exists(USUAL) ? USUAL : file;
        Settings.Effective effective = source == null
                ? Settings.effective("environment", "", System.getenv())
                : Settings.effective(source.toString(), Files.readString(source), System.getenv());
        List<Setting> settings = effective.values().stream()
                .filter(s ->
                        !set || !(s.origin().equals("default") || s.origin().equals("inherited")))
                .toList();
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            out.println(
                    Json.indented(settings.stream().map(ConfigCommand::fields).toList()));
        } else if (settings.isEmpty()) {
            out.println("Nothing is set: every default is in force.");
        } else {
            var table = new Table("SETTING", "VALUE", "FROM");
            for (Setting setting : settings) {
                boolean usual =
                        setting.origin().equals("default") || setting.origin().equals("inherited");
                table.row()
                        .cell(setting.key())
                        .cell(setting.value())
                        .cell(setting.origin(), usual ? Style.FAINT : Style.PLAIN);
            }
            table.print(out, spec.commandLine().getColorScheme().ansi());
        }
        return Main.OK;
    }

    private static Object fields(Setting setting) {
        var fields = new LinkedHashMap<String, Object>();
        fields.put("key", setting.key());
        fields.put("value", setting.value());
        fields.put("from", setting.origin());
        return fields;
    }
}
