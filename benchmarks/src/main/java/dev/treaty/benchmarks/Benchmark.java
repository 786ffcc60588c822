package dev.treaty.benchmarks;

import java.io.Console;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** A measurement that can be run by name: a command with options of its own, listed in {@link Main}. */
public abstract class Benchmark implements Callable<Integer> {
    @Spec
    private @Nullable CommandSpec command;

    @Option(
            names = "--quick",
            description = "Take at most a minute: fewer and shorter rounds, for a first look and not for a verdict.")
    protected boolean quick;

    @Option(names = "--json", paramLabel = "FILE", description = "Write the report to this file, as JSON.")
    private @Nullable Path json;

    /**
     * Measures.
     *
     * @throws IOException where that cannot be done here; the message is all that the user sees
     */
    protected abstract Report measure() throws IOException, InterruptedException;

    @Override
    public final Integer call() throws IOException, InterruptedException {
        if (json != null) {
            // Now rather than after minutes of measuring.
            Path folder = json.toAbsolutePath().getParent();
            if (Files.isDirectory(json) || folder == null || !Files.isDirectory(folder)) {
                throw new ParameterException(
                        line(), "--json: cannot write " + json + "; name a file in a folder that exists");
            }
        }
        Report report = measure();
        progress("");
        line().getOut().print(report.table());
        line().getOut().flush();
        if (json != null) {
            Files.writeString(json, report.json());
        }
        return CommandLine.ExitCode.OK;
    }

    /** Shows progress at a terminal, on one line that is rewritten. */
    protected final void progress(String doing) {
        if (Optional.ofNullable(System.console()).filter(Console::isTerminal).isPresent()) {
            PrintWriter err = line().getErr();
            err.print("\r\033[K" + doing);
            err.flush();
        }
    }

    /** The command line that this is run from. */
    protected final CommandLine line() {
        if (command == null) {
            throw new IllegalStateException("a benchmark is run from a command line");
        }
        return command.commandLine();
    }
}
