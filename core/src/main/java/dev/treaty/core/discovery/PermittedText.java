package dev.treaty.core.discovery;

import dev.treaty.core.text.PrintableText;

/** Validates texts of instances, which appear in paths, headers, terminals and pages. */
final class PermittedText {
    private PermittedText() {}

    /** @throws IllegalArgumentException if it is too short, too long, or has other than visible ASCII characters */
    static void checkName(String what, String text, int min, int max) {
        if (text.length() < min || text.length() > max) {
            throw new IllegalArgumentException(
                    what + " has " + text.length() + " characters: use " + min + " to " + max);
        }
        text.chars().filter(c -> c <= ' ' || c > '~').findFirst().ifPresent(c -> {
            throw new IllegalArgumentException(what + " has the character U+" + "%04X".formatted(c)
                    + ": use visible ASCII characters, without spaces");
        });
    }

    /** @throws IllegalArgumentException if it is not {@linkplain PrintableText printable} */
    static void checkText(String what, String text) {
        if (!PrintableText.isPrintable(text)) {
            String found = text.codePoints()
                    .filter(c -> !PrintableText.isPrintable(Character.toString(c)))
                    .mapToObj("U+%04X"::formatted)
                    .findFirst()
                    .orElse("half of a surrogate pair");
            throw new IllegalArgumentException(what + " has the control character " + found);
        }
    }
}
