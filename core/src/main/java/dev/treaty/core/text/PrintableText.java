package dev.treaty.core.text;

import java.util.regex.Pattern;

/**
 * Text from other processes as it may be shown: on a terminal, in a line of a log, as a label of a metric, in the
 * answer of a registry. What such a place would interpret instead of showing is replaced: control characters, among
 * them escape sequences and line breaks, the line and paragraph separators of Unicode, marks that reverse the order of
 * letters, invisible format characters, and halves of surrogate pairs. Joiners within words and emoji are kept.
 */
public final class PrintableText {
    private static final String HIDDEN = "[\\p{Cc}\\p{Cf}\\u2028\\u2029\\p{Cs}&&[^\\u200c\\u200d]]";
    private static final Pattern NOT_PRINTABLE = Pattern.compile(HIDDEN);
    private static final Pattern NOT_PRINTABLE_IN_LINES = Pattern.compile("(?!\\n)" + HIDDEN);

    private static final int QUOTE_LENGTH_MAX = 64;

    private PrintableText() {}

    /** Returns true if the text has nothing to replace. */
    public static boolean isPrintable(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c < ' ' || c > '~') {
                return !NOT_PRINTABLE.matcher(text).find();
            }
        }
        return true;
    }

    /** Returns the text as one line: each character that is not printable is a space. */
    public static String line(String text) {
        return isPrintable(text) ? text : NOT_PRINTABLE.matcher(text).replaceAll(" ");
    }

    /** Returns the beginning of the text as one line. */
    public static String line(String text, int lengthMax) {
        return line(text.length() > lengthMax ? text.substring(0, lengthMax) + "…" : text);
    }

    /** Returns the text in quotes, as one line without {@linkplain Secrets secrets}, of which a long one is cut. */
    public static String quote(String text) {
        return '"' + line(Secrets.mask(text), QUOTE_LENGTH_MAX) + '"';
    }

    /** Returns the text with its line feeds; each other character that is not printable is a space. */
    public static String lines(String text) {
        return isPrintable(text) ? text : NOT_PRINTABLE_IN_LINES.matcher(text).replaceAll(" ");
    }

    /**
     * Returns JSON that means the same: each character that is not printable is escaped, except the line feeds between
     * values.
     */
    public static String json(String json) {
        return isPrintable(json)
                ? json
                : NOT_PRINTABLE_IN_LINES.matcher(json).replaceAll(match -> escaped(match.group()));
    }

    private static String escaped(String character) {
        var text = new StringBuilder();
        character.chars().forEach(unit -> text.append("\\\\u%04x".formatted(unit)));
        return text.toString();
    }
}
