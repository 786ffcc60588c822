package dev.treaty.codec.json;

import dev.treaty.codec.MessageException;
import java.nio.charset.StandardCharsets;
import tools.jackson.core.JsonGenerator;

/** Generates the JSON of a message, and adds the path of the current field to error messages. */
public record MessageWriter(JsonGenerator generator) {
    /** Shorter texts are written as fast one character at a time. */
    private static final int LONG_TEXT = 256;

    /** Writes a text. The generator takes a long one faster as bytes, which its characters are if they are ASCII. */
    void text(String text) {
        if (text.length() >= LONG_TEXT) {
            byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
            // The comparison finds a half of a character too, which becomes one byte.
            if (bytes.length == text.length() && text.equals(new String(bytes, StandardCharsets.ISO_8859_1))) {
                generator.writeUTF8String(bytes, 0, bytes.length);
                return;
            }
        }
        generator.writeString(text);
    }

    /** An exception about the value that would be written next. */
    public MessageException reject(String sentence) {
        return new MessageException(MessageReader.path(generator.streamWriteContext(), null, true) + " " + sentence);
    }

    /** An exception about a field of the current object, whose name has not been written yet. */
    MessageException reject(String field, String sentence) {
        var context = generator.streamWriteContext();
        return new MessageException(MessageReader.path(context.getParent(), field, false) + " " + sentence);
    }
}
