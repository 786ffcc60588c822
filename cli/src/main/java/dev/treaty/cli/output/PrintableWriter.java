package dev.treaty.cli.output;

import dev.treaty.core.text.PrintableText;
import java.io.PrintWriter;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Prints {@linkplain PrintableText printable} text only, whatever a command has read from other processes. */
public final class PrintableWriter extends PrintWriter {
    /** The sequence of a {@link Style}. */
    private static final Pattern STYLE = Pattern.compile("\\u001b\\[[0-9;]*m");

    private final boolean styled;

    /** @param styled whether the sequences of styles are kept, and no others */
    public PrintableWriter(PrintWriter out, boolean styled) {
        super(out, true);
        this.styled = styled;
    }

    @Override
    public void write(int c) {
        write(Character.toString((char) c));
    }

    @Override
    public void write(char[] characters, int from, int length) {
        write(new String(characters, from, length));
    }

    @Override
    public void write(String text, int from, int length) {
        String shown = printable(text.substring(from, from + length));
        super.write(shown, 0, shown.length());
    }

    private String printable(String text) {
        if (!styled || PrintableText.isPrintable(text)) {
            return PrintableText.lines(text);
        }
        var shown = new StringBuilder();
        int end = 0;
        for (Matcher style = STYLE.matcher(text); style.find(); end = style.end()) {
            shown.append(PrintableText.lines(text.substring(end, style.start())))
                    .append(style.group());
        }
        return shown.append(PrintableText.lines(text.substring(end))).toString();
    }
}
