package dev.treaty.cli;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
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
        })
public final class Main implements Runnable {
    /** The exit code of a command that did what it was asked to. */
    static final int OK = 0;

    /** The exit code of a command that could not. */
    static final int FAILED = 1;

    /** The exit code of a command that was asked wrongly. */
    static final int USAGE = 2;

    /** The commands by name, in the order of the help. */
    private static final Map<String, Class<?>> COMMANDS = new LinkedHashMap<>();

    static {
        COMMANDS.put("demo", DemoCommand.class);
        COMMANDS.put("up", UpCommand.class);
        COMMANDS.put("registry", RegistryCommand.class);
        COMMANDS.put("services", ServicesCommand.class);
        COMMANDS.put("instances", InstancesCommand.class);
        COMMANDS.put("watch", WatchCommand.class);
        COMMANDS.put("drain", DrainCommand.class);
        COMMANDS.put("guards", GuardsCommand.class);
        COMMANDS.put("call", CallCommand.class);
        COMMANDS.put("contract", ContractCommand.class);
        COMMANDS.put("config", ConfigCommand.class);
        COMMANDS.put("help", HelpCommand.class);
    }

    /** Commands of the launcher, which picocli does not know, and variables. */
    private static final String[] FOOTER = {
        "",
        "In a source tree, ./treaty also has:",
        "  test       Compiles with all checks and runs the tests; see test --help.",
        "  bench      Runs benchmarks; see bench --help.",
        "  format     Formats every Java source.",
        "  stress     Searches lock-free code for races, with jcstress.",
        "  java       Runs java with Treaty on the class path.",
        "  javac      Runs javac with Treaty on the class path.",
        "",
        "Environment variables:",
        "  TREATY_REGISTRY       The address of the registry, as --registry sets it.",
        "  TREATY_DEBUG=1        Prints the stack trace of an error.",
        "  TREATY_LOG=DEBUG      Logs what libraries do, from this level on.",
        "  TREATY_JAVA_OPTIONS   Options for the JVM, instead of those of ./treaty.",
        "",
        "Examples:",
        "  treaty demo                          a shop, with faults on a timetable",
        "  treaty registry                      a registry on 127.0.0.1:7400",
        "  treaty services --metrics            what is registered, and how it does",
        "  treaty call shop.Orders get '{\"id\":\"42\"}'"
    };

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
        CommandLine command = commandLine(arguments);
        int exit = command.setOut(out)
                .setErr(err)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setExpandAtFiles(false) // @FILE is a request
                .setParameterExceptionHandler(Mistakes::inUsage)
                .setExecutionExceptionHandler(Mistakes::inExecution)
                .execute(arguments);
        out.flush(); // what does not end with a line is not written by itself
        err.flush();
        return exit;
    }

    /** The command line for these arguments, which is that of the whole command unless they begin with a subcommand. */
    static CommandLine commandLine(String... arguments) {
        var command = new CommandLine(new Main());
        command.getCommandSpec().usageMessage().footer(FOOTER);
        Class<?> named = arguments.length == 0 ? null : COMMANDS.get(arguments[0]);
        if (named != null && named != HelpCommand.class) {
            command.addSubcommand(arguments[0], named); // the others would take longer to set up than to run this one
        } else {
            COMMANDS.forEach(command::addSubcommand);
        }
        return command;
    }

    @Override
    public void run() {
        spec.commandLine().usage(spec.commandLine().getOut());
    }
}
