package dev.treaty.core.discovery;

/** Which texts may travel with an instance: they end up in paths, headers, terminals and pages. */
final class PermittedText {
    private PermittedText() {}

    /** @throws IllegalArgumentException where it is too short, too long, or has more than visible ASCII characters */
    static void name(String what, String text, int min, int max) {
        if (text.length() < min || text.length() > max) {
            throw new IllegalArgumentException(
                    what + " has " + text.length() + " characters: use " + min + " to " + max);
        }
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c <= ' ' || c > '~') {
                throw new IllegalArgumentException(what + " has the character U+" + "%04X".formatted((int) c)
                        + ": use visible ASCII characters, without spaces");
            }
        }
    }

    /** @throws IllegalArgumentException where it has control characters */
    static void text(String what, String text) {
        for (int i = 0; i < text.length(); i++) {
            if (Character.isISOControl(text.charAt(i))) {
                throw new IllegalArgumentException(
                        what + " has the control character U+" + "%04X".formatted((int) text.charAt(i)));
            }
        }
    }

    /** How many bytes that is in UTF-8. */
    static long bytes(String text) {
        long bytes = text.length();
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            // each half of a surrogate pair is two of its four bytes
            bytes += c < 0x80 ? 0 : c < 0x800 || Character.isSurrogate(c) ? 1 : 2;
        }
        return bytes;
    }
}
