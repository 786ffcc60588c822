package dev.treaty.cli;

import dev.treaty.cli.certs.CertsCommand;
import dev.treaty.cli.config.ConfigCommand;
import dev.treaty.cli.contract.ContractCommand;
import dev.treaty.cli.shell.CompletionCommand;
import dev.treaty.cli.shell.ManCommand;
import dev.treaty.cli.up.UpCommand;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.registry.RegistryAddress;
import dev.treaty.resilience.CircuitBreakerPolicy;
import dev.treaty.resilience.IsolationLevel;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.ServiceLoader;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.ScopeType;

/** The {@code treaty} command. Without a subcommand it prints its help. */
@Command(
        name = "treaty",
        description = "Runs, finds, calls and inspects services that implement contracts.",
        version = "treaty 0.1.0-SNAPSHOT",
        mixinStandardHelpOptions = true,
        scope = ScopeType.INHERIT,
        usageHelpAutoWidth = true,
        sortOptions = false,
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:success",
            "1:the command failed: a fault, nothing found, a failed call in a demo",
            "2:the command line or the configuration is wrong, or up could not start a service"
        })
public final class Main extends CommandGroup {
    /** The exit code of success. */
    public static final int OK = 0;

    /** The exit code of a command that failed. */
    public static final int FAILED = 1;

    /** The exit code of a wrong command line or configuration. */
    public static final int USAGE = 2;

    /** The commands of this module by name, in the order of the help. */
    private static final Map<String, Class<?>> COMMANDS = new LinkedHashMap<>();

    static {
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
        COMMANDS.put("certs", CertsCommand.class);
        COMMANDS.put("tokens", TokensCommand.class);
        COMMANDS.put("access", AccessCommand.class);
        COMMANDS.put("completion", CompletionCommand.class);
        COMMANDS.put("man", ManCommand.class);
        COMMANDS.put("help", HelpCommand.class);
    }

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
        "  treaty services --metrics            what is registered, with metrics",
        "  treaty call shop.Orders get '{\"id\":\"42\"}'"
    };

    private Main() {}

    /** Runs the command and exits the process with its exit code. */
    public static void main(String[] arguments) {
        var out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
        var err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
        System.exit(run(out, err, arguments));
    }

    /** Runs the command and returns its exit code. */
    static int run(PrintWriter out, PrintWriter err, String... arguments) {
        int exit = commandLine(arguments).setOut(out).setErr(err).execute(arguments);
        out.flush(); // lines flush themselves, but not what follows the last one
        err.flush();
        return exit;
    }

    /** Returns the parser for these arguments: of one command if they begin with its name, else of all. */
    public static CommandLine commandLine(String... arguments) {
        var command = new CommandLine(new Main());
        Class<?> named = arguments.length == 0 ? null : COMMANDS.get(arguments[0]);
        if (named != null && named.getSuperclass() == OutputCommand.class) {
            command.addSubcommand(arguments[0], named); // setting up the others takes longer than running this one
        } else {
            ServiceLoader.load(ExtraCommand.class).forEach(command::addSubcommand);
            COMMANDS.forEach(command::addSubcommand);
        }
        command.getCommandSpec().usageMessage().footer(FOOTER); // last, so that no command inherits it
        return command.registerConverter(ServiceName.class, Converters.of(ServiceName::new))
                .registerConverter(Version.class, Converters.of(Version::parse))
                .registerConverter(Duration.class, Converters::duration)
                .registerConverter(RegistryAddress.class, Converters::registry)
                .registerConverter(ServiceHealth.Status.class, Converters.constants(ServiceHealth.Status.class))
                .registerConverter(IsolationLevel.class, Converters.constants(IsolationLevel.class))
                .registerConverter(
                        CircuitBreakerPolicy.Forced.class, Converters.constants(CircuitBreakerPolicy.Forced.class))
                .registerConverter(ContractCommand.Format.class, Converters.constants(ContractCommand.Format.class))
                .registerConverter(CompletionCommand.Shell.class, Converters.constants(CompletionCommand.Shell.class))
                .setExpandAtFiles(false) // @FILE is a request
                .setParameterExceptionHandler(ErrorHandler::inUsage)
                .setExecutionExceptionHandler(ErrorHandler::inExecution);
    }
}
