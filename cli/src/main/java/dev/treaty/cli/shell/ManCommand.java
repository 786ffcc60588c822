package dev.treaty.cli.shell;

import dev.treaty.cli.Main;
import dev.treaty.cli.OutputCommand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.UsageMessageSpec;
import picocli.CommandLine.Parameters;

/** {@code treaty man}: writes man pages, which are the help texts in the format of {@code man(7)}. */
@Command(
        name = "man",
        description = "Writes a man page for each command to a directory.",
        footer = {"  treaty man ~/.local/share/man/man1", "  treaty man . && man -l treaty-call.1"})
public final class ManCommand extends OutputCommand {
    /** The width of the text, which man indents by seven columns. */
    private static final int WIDTH = 73;

    private static final Pattern HEADING = Pattern.compile("(?m)^([A-Z][^:\n]*):$");

    @Parameters(paramLabel = "DIR", description = "The directory, which is created if it does not exist.")
    private Path directory = Path.of("");

    @Override
    public Integer call() throws IOException {
        var pages = new TreeMap<String, String>();
        collect(Main.commandLine(), pages);
        Files.createDirectories(directory);
        for (var page : pages.entrySet()) {
            Files.writeString(directory.resolve(page.getKey()), page.getValue());
        }
        print(pages.keySet(), "wrote " + pages.size() + " man pages to " + directory);
        return Main.OK;
    }

    private static void collect(CommandLine command, Map<String, String> pages) {
        String name = command.getCommandSpec().qualifiedName("-");
        pages.put(name + ".1", page(name, command));
        command.getSubcommands().values().forEach(subcommand -> collect(subcommand, pages));
    }

    private static String page(String name, CommandLine command) {
        UsageMessageSpec usage = command.getCommandSpec().usageMessage();
        String[] description = usage.description().length > 0 ? usage.description() : usage.header();
        usage.autoWidth(false)
                .width(WIDTH)
                .synopsisHeading("Synopsis:%n")
                .descriptionHeading("%nDescription:%n")
                .parameterListHeading("%nArguments:%n")
                .optionListHeading("%nOptions:%n")
                .commandListHeading("%nCommands:%n");
        String help = command.getUsageMessage(Ansi.OFF);
        String text = ".TH " + name.toUpperCase(Locale.ROOT) + " 1 \"\" Treaty\n.SH NAME\n" + name + " \\- "
                + description[0].replace("%n", "") + "\n"
                + help.replace("\\", "\\e").replace("-", "\\-").replaceAll("(?m)^(?=[.'])", "\\\\&");
        return HEADING.matcher(text).replaceAll(match -> ".SH " + match.group(1).toUpperCase(Locale.ROOT) + "\n.nf");
    }
}
