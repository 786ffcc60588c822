package dev.treaty.codec.json;

import dev.treaty.codec.MessageException;
import dev.treaty.core.text.PrintableText;
import java.util.ArrayList;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.TokenStreamContext;

/**
 * Parses the JSON of a message, and adds the path of the current field to error messages.
 *
 * @param bytes the message, of which {@code parser} reads a part
 * @param lenient whether unknown fields are skipped rather than rejected
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record MessageReader(JsonParser parser, byte[] bytes, int offset, int length, boolean lenient) {
    /** The maximum length of a name or value from a message in an error, in characters. */
    private static final int ECHO_LENGTH_MAX = 64;

    /**
     * Returns the string in a field of the object that begins at an offset, or null if there is none. It reads ahead in
     * the bytes without moving the parser.
     */
    @Nullable
    String lookAhead(long start, String field) {
        int at = offset + (int) start;
        try (JsonParser ahead = JsonFormat.parser(bytes, at, length - (int) start)) {
            ahead.nextToken();
            for (String name = ahead.nextName(); name != null; name = ahead.nextName()) {
                JsonToken token = ahead.nextToken();
                if (name.equals(field)) {
                    return token == JsonToken.VALUE_STRING ? ahead.getString() : null;
                }
                ahead.skipChildren();
            }
            return null;
        }
    }

    /** Checks the kind of the current value. */
    void expect(JsonToken token, JsonAdapter reader) {
        if (parser.currentToken() != token) {
            throw mismatch(reader.expected());
        }
    }

    /** An exception about the current value: "field … must be …, not …". */
    MessageException mismatch(String expected) {
        return reject("must be " + expected + ", not " + found(parser.currentToken()));
    }

    /** An exception about the current value, or about the current field if its name was read last. */
    MessageException reject(String sentence) {
        var context = parser.streamReadContext();
        JsonToken token = parser.currentToken();
        boolean opened = token == JsonToken.START_OBJECT || token == JsonToken.START_ARRAY;
        return new MessageException(path(opened ? context.getParent() : context, null, false) + " " + sentence);
    }

    /** An exception about a field of the object that has just ended. */
    MessageException reject(String field, String sentence) {
        return new MessageException(path(parser.streamReadContext(), field, false) + " " + sentence);
    }

    private static String found(@Nullable JsonToken token) {
        return switch (token) {
            case START_OBJECT -> "an object";
            case START_ARRAY -> "a list";
            case VALUE_STRING -> "a string";
            case VALUE_NUMBER_INT -> "a number";
            case VALUE_NUMBER_FLOAT -> "a number with a fraction or an exponent";
            case VALUE_TRUE, VALUE_FALSE -> "a boolean";
            case VALUE_NULL -> "null";
            case null, default -> "nothing";
        };
    }

    /**
     * Returns the path of a value, such as {@code : field "lines[0].quantity"}; empty for the message itself.
     *
     * @param field a field of the object with this path
     * @param next whether a position in a list is that of the next element
     */
    static String path(@Nullable TokenStreamContext innermost, @Nullable String field, boolean next) {
        var parts = new ArrayList<String>();
        for (var at = innermost; at != null && !at.inRoot(); at = at.getParent()) {
            if (at.inArray()) {
                parts.add("[" + (next && parts.isEmpty() ? at.getEntryCount() : at.getCurrentIndex()) + "]");
            } else if (at.currentName() != null) {
                parts.add("." + echo(at.currentName()));
            }
        }
        String text = String.join("", parts.reversed()) + (field == null ? "" : "." + field);
        return text.isEmpty() ? "" : ": field \"" + (text.startsWith(".") ? text.substring(1) : text) + "\"";
    }

    /** Returns a name or value from a message for an error message: shortened, and without control characters. */
    public static String echo(String text) {
        return PrintableText.line(text, ECHO_LENGTH_MAX).replace('"', '?');
    }
}
