package dev.treaty.cli;

import dev.treaty.cli.contract.ContractCommand;
import dev.treaty.cli.up.UpCommand;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.ServiceLoader;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** The {@code treaty} command: without a subcommand it tells how to use it. */
@Command(
        name = "treaty",
        description = "Service contracts that are kept: find, call, watch and try services.",
        version = "treaty 0.1.0-SNAPSHOT",
        mixinStandardHelpOptions = true,
        scope = ScopeType.INHERIT,
        usageHelpAutoWidth = true,
        sortOptions = false,
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:it worked",
            "1:it did not: a fault, something that is not there, a failed call in a demo",
            "2:the command line or the configuration is wrong"
        },
        subcommands = {
            UpCommand.class,
            RegistryCommand.class,
            ServicesCommand.class,
            InstancesCommand.class,
            WatchCommand.class,
            DrainCommand.class,
            GuardsCommand.class,
            CallCommand.class,
            ContractCommand.class,
            ConfigCommand.class,
            HelpCommand.class
        })
public final class Main implements Runnable {
    /** The exit code of a command that did what it was asked to. */
    public static final int OK = 0;

    /** The exit code of a command that could not. */
    public static final int FAILED = 1;

    /** The exit code of a command that was asked wrongly. */
    public static final int USAGE = 2;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli puts it in before it runs anything
    private CommandSpec spec;

    private Main() {}

    /** Runs the command and ends the process with its exit code. */
    public static void main(String[] arguments) {
        var out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
        var err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
        System.exit(run(out, err, arguments));
    }

    /** Runs the command and returns its exit code. */
    static int run(PrintWriter out, PrintWriter err, String... arguments) {
        var command = new CommandLine(new Main());
        ServiceLoader.load(ExtraCommand.class).forEach(command::addSubcommand);
        command.getCommandSpec()
                .usageMessage()
                .footer(
                        "",
                        "Examples:",
                        "  treaty demo                          a shop of twelve processes, hurt on a timetable",
                        "  treaty registry                      a registry on 127.0.0.1:7400",
                        "  treaty services --metrics            what is registered, and how it does",
                        "  treaty call shop.Orders get '{\"id\":\"42\"}'",
                        "",
                        "In a source tree, ./treaty test builds and tests everything.",
                        "Set TREATY_DEBUG=1 to see where an error came from.");
        int exit = command.setOut(out)
                .setErr(err)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setExpandAtFiles(false) // @FILE is a request
                .setParameterExceptionHandler(ErrorHandler::inUsage)
                .setExecutionExceptionHandler(ErrorHandler::inExecution)
                .execute(arguments);
        out.flush(); // what does not end with a line is not written by itself
        err.flush();
        return exit;
    }

    @Override
    public void run() {
        spec.commandLine().usage(spec.commandLine().getOut());
    }
}
