package dev.treaty.cli.shell;

import dev.treaty.cli.Main;
import dev.treaty.cli.OutputCommand;
import java.util.List;
import java.util.Locale;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;

/** {@code treaty completion}: prints a script that completes commands and options. */
@Command(
        name = "completion",
        description = "Prints a script with which bash or zsh completes commands and options.",
        footer = {
            "  source <(treaty completion bash)     in ~/.bashrc",
            "  source <(treaty completion zsh)      in ~/.zshrc"
        })
public final class CompletionCommand extends OutputCommand {
    /** A shell; zsh reads the same script with its emulation of bash's completion. */
    public enum Shell {
        BASH,
        ZSH
    }

    /** Commands of the launcher in a source tree, which picocli does not list. */
    private static final List<String> LAUNCHER = List.of("test", "bench", "format", "stress", "java", "javac");

    @Parameters(paramLabel = "SHELL", description = "bash or zsh.")
    private Shell shell = Shell.BASH;

    @Override
    public Integer call() {
        var command = Main.commandLine();
        LAUNCHER.forEach(name -> command.addSubcommand(name, CommandSpec.create()));
        out().println("# Completion of treaty for " + shell.name().toLowerCase(Locale.ROOT));
        out().print(AutoComplete.bash("treaty", command));
        return Main.OK;
    }
}
