package dev.treaty.cli.up;

import dev.treaty.cli.output.Style;
import dev.treaty.codec.Json;
import dev.treaty.core.text.PrintableText;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.function.Consumer;
import picocli.CommandLine.Help.Ansi;

/** Merges the output of several processes, each line with the name of its source. */
final class PrefixedOutput {
    /** The width of the names; longer names are not cut. */
    private static final int WIDTH = 18;

    private static final Style[] STYLES = {Style.ACTION, Style.GOOD, Style.WARNING, Style.HEADING, Style.FAINT};

    private final PrintWriter out;
    private final Ansi ansi;
    private final boolean json;
    private final Runnable onError;
    private int sources;
    private boolean closed;

    /**
     * @param json prints a JSON object per line
     * @param onError called when no program reads the output any more
     */
    PrefixedOutput(PrintWriter out, Ansi ansi, boolean json, Runnable onError) {
        this.out = out;
        this.ansi = ansi;
        this.json = json;
        this.onError = onError;
    }

    /** Returns a consumer that prints lines with this name. */
    synchronized Consumer<String> source(String name) {
        String prefix = STYLES[sources++ % STYLES.length].paint(ansi, ("%-" + WIDTH + "s│").formatted(name)) + " ";
        return line -> print(name, prefix, line);
    }

    private synchronized void print(String name, String prefix, String line) {
        if (closed) {
            return;
        }
        if (json) {
            var object = new LinkedHashMap<String, String>();
            object.put("source", name);
            object.put("line", line);
            out.println(PrintableText.json(Json.text(object)));
        } else {
            out.println(prefix + PrintableText.line(line.replace("\t", "    ")));
        }
        if (out.checkError()) {
            onError.run();
        }
    }

    /** Discards all further lines. */
    synchronized void close() {
        closed = true;
    }
}
