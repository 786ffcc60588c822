package dev.treaty.cli.output;

import picocli.CommandLine.Help.Ansi;

/** How text looks on a terminal; elsewhere it is left as it is. */
public enum Style {
    /** As it is. */
    PLAIN(""),
    /** The heading of a table. */
    HEADING("1"),
    /** All is well. */
    GOOD("32"),
    /** Something needs attention. */
    WARNING("33"),
    /** Something is wrong. */
    FAULT("1;31"),
    /** Less important. */
    FAINT("2"),
    /** Something is being done. */
    ACTION("36");

    private final String codes;

    Style(String codes) {
        this.codes = codes;
    }

    /** The text in this style, where colour is wanted. */
    public String paint(Ansi ansi, String text) {
        return ansi.enabled() && !codes.isEmpty() && !text.isEmpty()
                ? "\u001b[" + codes + "m" + text + "\u001b[0m"
                : text;
    }
}
