package dev.treaty.cli.up;

import dev.treaty.cli.output.Style;
import java.io.PrintWriter;
import java.util.function.Consumer;
import picocli.CommandLine.Help.Ansi;

/** What several processes print, in the order in which it came, each line with the name of who said it. */
final class PrefixedOutput {
    /** As wide as the names usually are, so that the lines stand below each other. */
    private static final int WIDTH = 18;

    private static final Style[] STYLES = {Style.ACTION, Style.GOOD, Style.WARNING, Style.HEADING, Style.FAINT};

    private final PrintWriter out;
    private final Ansi ansi;
    private int tellers;

    PrefixedOutput(PrintWriter out, Ansi ansi) {
        this.out = out;
        this.ansi = ansi;
    }

    /** Prints the lines of somebody of that name. */
    synchronized Consumer<String> teller(String name) {
        String prefix = STYLES[tellers++ % STYLES.length].paint(ansi, ("%-" + WIDTH + "s│").formatted(name)) + " ";
        return line -> print(prefix + line);
    }

    private synchronized void print(String line) {
        out.println(line);
    }
}
