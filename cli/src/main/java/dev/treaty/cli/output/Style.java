package dev.treaty.cli.output;

import picocli.CommandLine.Help.Ansi;

/** Colors and weights of text on a terminal. If the output is not a terminal, text has no style. */
public enum Style {
    PLAIN(""),
    HEADING("1"),
    GOOD("32"),
    WARNING("33"),
    FAULT("1;31"),
    FAINT("2"),
    /** Something in progress. */
    ACTION("36");

    private final String codes;

    Style(String codes) {
        this.codes = codes;
    }

    /** Returns the text in this style if colours are on, else the text. */
    public String paint(Ansi ansi, String text) {
        return ansi.enabled() && !codes.isEmpty() && !text.isEmpty()
                ? "\u001b[" + codes + "m" + text + "\u001b[0m"
                : text;
    }
}
