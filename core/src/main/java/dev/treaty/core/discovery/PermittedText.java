package dev.treaty.core.discovery;

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

    /** @throws IllegalArgumentException if it has control characters */
    static void checkText(String what, String text) {
        text.chars().filter(Character::isISOControl).findFirst().ifPresent(c -> {
            throw new IllegalArgumentException(what + " has the control character U+" + "%04X".formatted(c));
        });
    }
}
