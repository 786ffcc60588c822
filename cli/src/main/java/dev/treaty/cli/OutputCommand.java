package dev.treaty.cli;

import dev.treaty.cli.output.PrintableWriter;
import dev.treaty.cli.output.Style;
import dev.treaty.cli.output.Table;
import dev.treaty.codec.Json;
import dev.treaty.core.text.PrintableText;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.CharacterCodingException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The base class of the subcommands: it has the option {@code --json}, and methods to print text and JSON. */
@Command(footerHeading = OutputCommand.EXAMPLES)
public abstract class OutputCommand implements Callable<Integer> {
    /** The heading of the footer of each command's help. */
    public static final String EXAMPLES = "%nExamples:%n";

    @Option(names = ErrorHandler.JSON, description = "Print JSON; errors too, on the error stream.")
    private boolean json;

    @Spec
    @SuppressWarnings("NullAway.Init") // injected by picocli
    private CommandSpec spec;

    private @Nullable PrintWriter out;

    protected final boolean json() {
        return json;
    }

    protected final CommandSpec spec() {
        return spec;
    }

    /** The output, which shows no control characters of other processes. */
    protected final PrintWriter out() {
        if (out == null) {
            out = new PrintableWriter(spec.commandLine().getOut(), ansi().enabled());
        }
        return out;
    }

    protected final Ansi ansi() {
        return spec.commandLine().getColorScheme().ansi();
    }

    /** The text in that style if the output is a terminal. */
    protected final String paint(Style style, String text) {
        return style.paint(ansi(), text);
    }

    /** Prints a value as indented JSON. */
    protected final void printJson(@Nullable Object value) {
        out().println(PrintableText.json(Json.indented(value)));
    }

    /** Prints a value as JSON in one line. */
    protected final void printJsonLine(@Nullable Object value) {
        out().println(PrintableText.json(Json.text(value)));
    }

    /** Prints a value as indented JSON, or text with the same content. */
    protected final void print(Object value, String text) {
        if (json) {
            printJson(value);
        } else {
            out().println(text);
        }
    }

    /**
     * Reads a text file.
     *
     * @throws CommandFailed with the name of the file if it cannot be read
     */
    public static String text(Path file) throws IOException {
        try {
            return Files.readString(file);
        } catch (FileSystemException e) {
            throw e; // has the name
        } catch (CharacterCodingException e) {
            throw new CommandFailed(file + " is not encoded in UTF-8");
        } catch (IOException e) {
            throw new CommandFailed(file + " cannot be read: " + e.getMessage());
        }
    }

    /** Prints a JSON array, or a table of the same, or a sentence if there is nothing to list. */
    protected final void printList(List<?> documents, Supplier<Table> table, String nothing) {
        if (json) {
            printJson(documents);
        } else if (documents.isEmpty()) {
            out().println(nothing);
        } else {
            table.get().print(out(), ansi());
        }
    }

    protected final ParameterException usageError(String message) {
        return new ParameterException(spec.commandLine(), message);
    }
}
