package dev.treaty.config;

/**
 * The text of one file with settings.
 *
 * @param source the file, as it was named
 * @param problem why it could not be read; empty if it was
 */
record Document(String source, String text, String problem) {
    static Document of(String source, String text) {
        return new Document(source, text, "");
    }

    static Document unreadable(String source, String problem) {
        return new Document(source, "", problem);
    }
}
