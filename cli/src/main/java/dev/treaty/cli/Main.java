package dev.treaty.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The {@code treaty} command: without a subcommand it tells how to use it. */
@Command(
        name = "treaty",
        description = "Service contracts that are kept.",
        mixinStandardHelpOptions = true,
        version = "treaty 0.1.0-SNAPSHOT")
public final class Main implements Runnable {

    private Main() {}

    public static void main(String[] arguments) {
        System.exit(new CommandLine(new Main()).execute(arguments));
    }

    @Override
    public void run() {
        CommandLine.usage(this, System.out);
    }
}
