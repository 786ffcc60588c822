package dev.treaty.benchmarks;

import dev.treaty.benchmarks.balance.BalanceBenchmark;
import dev.treaty.benchmarks.call.CallBenchmark;
import dev.treaty.benchmarks.discovery.DiscoveryBenchmark;
import dev.treaty.benchmarks.discovery.SettingsBenchmark;
import dev.treaty.benchmarks.guards.GuardsBenchmark;
import dev.treaty.benchmarks.overload.OverloadBenchmark;
import dev.treaty.benchmarks.security.SecurityBenchmark;
import java.io.IOException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** Runs a benchmark by name; each is listed here. */
@Command(
        name = "treaty bench",
        description = "Measures Treaty, and others for comparison.",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "NAME",
        commandListHeading = "%nBenchmarks:%n",
        footer = {
            "",
            "Examples:",
            "  treaty bench call --quick",
            "  treaty bench call --json call.json",
            "  treaty bench guards --settings full,refused",
            "  treaty bench discovery --quick",
            "",
            "docs/benchmarks.md tells how to read the results."
        },
        subcommands = {
            CallBenchmark.class,
            GuardsBenchmark.class,
            DiscoveryBenchmark.class,
            BalanceBenchmark.class,
            OverloadBenchmark.class,
            SettingsBenchmark.class,
            SecurityBenchmark.class
        })
public final class Main {

    private Main() {}

    /** The command line, for {@link #main} and for tests. */
    static CommandLine commandLine() {
        return new CommandLine(new Main())
                .setParameterExceptionHandler(Main::mistaken)
                .setExecutionExceptionHandler((failure, line, _) -> {
                    if (!(failure instanceof IOException)) {
                        throw failure;
                    }
                    line.getErr().println(line.getColorScheme().errorText("treaty bench: " + failure.getMessage()));
                    return CommandLine.ExitCode.SOFTWARE;
                });
    }

    private static int mistaken(ParameterException mistake, String[] arguments) {
        CommandLine line = mistake.getCommandLine();
        String names = String.join(", ", line.getSubcommands().keySet());
        String message;
        if (mistake instanceof UnmatchedArgumentException unmatched && line.getParent() == null) {
            message = "there is no benchmark \"" + unmatched.getUnmatched().getFirst() + "\"; there is: " + names;
        } else if (arguments.length == 0) {
            message = "name a benchmark; there is: " + names;
        } else {
            message = mistake.getMessage();
        }
        line.getErr().println(line.getColorScheme().errorText("treaty bench: " + message));
        line.getErr().println("Try '" + line.getCommandSpec().qualifiedName() + " --help'.");
        return CommandLine.ExitCode.USAGE;
    }

    public static void main(String[] arguments) {
        System.exit(commandLine().execute(arguments));
    }
}
