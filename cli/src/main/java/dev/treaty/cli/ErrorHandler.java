package dev.treaty.cli;

import dev.treaty.cli.output.Style;
import dev.treaty.config.ConfigurationException;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.ContractException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.NoSuchFileException;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** Turns what went wrong into one clear sentence on the error stream, and an exit code. */
final class ErrorHandler {
    private ErrorHandler() {}

    /** The command line was wrong. */
    static int inUsage(ParameterException e, String[] arguments) {
        CommandLine command = e.getCommandLine();
        PrintWriter err = command.getErr();
        say(command, String.valueOf(e.getMessage()));
        if (!UnmatchedArgumentException.printSuggestions(e, err)) {
            err.println("Try: " + command.getCommandSpec().qualifiedName() + " --help");
        }
        trace(err, e);
        return Main.USAGE;
    }

    /** The command failed. */
    static int inExecution(Exception e, CommandLine command, ParseResult result) {
        say(command, sentence(e));
        trace(command.getErr(), e);
        return e instanceof ConfigurationException ? Main.USAGE : Main.FAILED;
    }

    private static String sentence(Exception e) {
        return switch (e) {
            case CommandFailed _, ConfigurationException _, ContractException _, ServiceException _ ->
                String.valueOf(e.getMessage());
            case NoSuchFileException missing -> "there is no file " + missing.getFile();
            case IOException _, IllegalArgumentException _, UnsupportedOperationException _ ->
                e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
            default -> "treaty made a mistake (" + e + "): set TREATY_DEBUG=1 to see where, and please report it";
        };
    }

    private static void say(CommandLine command, String sentence) {
        Ansi ansi = command.getColorScheme().ansi();
        command.getErr().println(Style.FAULT.paint(ansi, "treaty:") + " " + sentence);
    }

    private static void trace(PrintWriter err, Exception e) {
        if ("1".equals(System.getenv("TREATY_DEBUG"))) {
            e.printStackTrace(err);
        }
    }
}
