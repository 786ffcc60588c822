package dev.treaty.cli;

import dev.treaty.cli.output.Style;
import dev.treaty.codec.Json;
import dev.treaty.config.ConfigurationException;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.text.PrintableText;
import dev.treaty.core.text.Secrets;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Objects;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * Prints errors on the error stream, as text or, with {@code --json}, as a JSON object, and selects the exit code.
 * Secrets are masked.
 */
public final class ErrorHandler {
    static final String JSON = "--json";

    private ErrorHandler() {}

    /** Handles an error in the command line. */
    static int inUsage(ParameterException e, String[] arguments) {
        CommandLine command = e.getCommandLine();
        print(command, arguments, "usage", e);
        if (!json(arguments)) {
            command.getErr().println("Try: " + command.getCommandSpec().qualifiedName() + " --help");
        }
        return Main.USAGE;
    }

    /** Handles an exception that the command threw. */
    static int inExecution(Exception e, CommandLine command, ParseResult result) {
        String[] arguments = result.originalArgs().toArray(String[]::new);
        print(command, arguments, code(e), e);
        return switch (e) {
            case CommandFailed failed -> failed.exitCode();
            case ConfigurationException _ -> Main.USAGE;
            default -> Main.FAILED;
        };
    }

    private static String code(Exception e) {
        return switch (e) {
            case ServiceException service -> service.code().wire();
            case ConfigurationException _ -> "configuration";
            default -> "failed";
        };
    }

    /** Returns what to print for an exception: its message if it is expected, else that of an internal error. */
    public static String message(Exception e) {
        return switch (e) {
            case NoSuchFileException missing -> "file " + missing.getFile() + " does not exist";
            case FileSystemException file when file.getReason() == null -> file.getFile() + ": " + words(file);
            case UncheckedIOException wrapper -> message(Objects.requireNonNull(wrapper.getCause()));
            case UnmatchedArgumentException unmatched
            when !unmatched.getSuggestions().isEmpty() ->
                e.getMessage() + "; did you mean " + String.join(" or ", unmatched.getSuggestions()) + "?";
            case ServiceException _ -> PrintableText.line(String.valueOf(e.getMessage()));
            case CommandFailed _, ParameterException _ -> String.valueOf(e.getMessage());
            case IOException _, IllegalArgumentException _, UnsupportedOperationException _ ->
                e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
            default -> "internal error (" + e + "): set TREATY_DEBUG=1 for the stack trace, and please report it";
        };
    }

    /** Returns the meaning of an exception that its name alone tells, such as {@code access denied}. */
    private static String words(FileSystemException e) {
        String name = e.getClass().getSimpleName().replaceFirst("Exception$", "");
        return name.replaceAll("(?<=[a-z])(?=[A-Z])", " ").toLowerCase(Locale.ROOT);
    }

    /** Prints a code and a message: on one line with the message, or as a JSON object. */
    static void print(CommandLine command, boolean json, String code, String prefix, String message) {
        PrintWriter err = command.getErr();
        if (json) {
            var error = new LinkedHashMap<String, Object>();
            error.put("code", code);
            error.put("message", Secrets.mask(message));
            err.println(PrintableText.json(Json.text(error)));
        } else {
            err.println(Style.FAULT.paint(command.getColorScheme().ansi(), prefix + ":") + " "
                    + PrintableText.lines(Secrets.mask(message)));
        }
    }

    private static void print(CommandLine command, String[] arguments, String code, Exception e) {
        print(command, json(arguments), code, "treaty", message(e));
        if ("1".equals(System.getenv("TREATY_DEBUG"))) {
            Secrets.mask(e).printStackTrace(command.getErr());
        }
    }

    private static boolean json(String[] arguments) {
        return Arrays.asList(arguments).contains(JSON);
    }
}
