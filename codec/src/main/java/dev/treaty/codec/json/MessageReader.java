package dev.treaty.codec.json;

import dev.treaty.codec.MessageException;
import java.util.ArrayList;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.TokenStreamContext;

/** A message being read: the parser, and how to say where in it something is wrong. */
public final class MessageReader {
    /** The longest name of a sender's choice that is repeated in an error, in characters. */
    private static final int ECHO_LENGTH_MAX = 64;

    final JsonParser parser;

    /** True where fields that are not known are skipped rather than refused. */
    final boolean lenient;

    private final byte[] bytes;
    private final int offset;
    private final int length;

    public MessageReader(JsonParser parser, byte[] bytes, int offset, int length, boolean lenient) {
        this.parser = parser;
        this.bytes = bytes;
        this.offset = offset;
        this.length = length;
        this.lenient = lenient;
    }

    /**
     * The string that the object beginning at that offset has in that field, or null where it has none. The object may
     * be read only to its first field: this looks ahead in the bytes.
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

    /** A refusal of the current value: "field … must be …, not …". */
    MessageException mismatch(String expected) {
        return refuse("must be " + expected + ", not " + found(parser.currentToken()));
    }

    /** A refusal of the current value, or of the current field where its name was just read. */
    MessageException refuse(String sentence) {
        var context = parser.streamReadContext();
        JsonToken token = parser.currentToken();
        boolean opened = token == JsonToken.START_OBJECT || token == JsonToken.START_ARRAY;
        return new MessageException(path(opened ? context.getParent() : context, null, false) + " " + sentence);
    }

    /** A refusal of a field of the object that has just ended. */
    MessageException refuse(String field, String sentence) {
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
     * The place of a value, such as {@code : field "lines[0].quantity"}; nothing for the message itself.
     *
     * @param field a field below that place
     * @param next true where the place of a list is the element after the last one
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
        var text = new StringBuilder();
        for (String part : parts.reversed()) {
            text.append(part);
        }
        if (field != null) {
            text.append('.').append(field);
        }
        if (text.isEmpty()) {
            return "";
        }
        return ": field \"" + text.substring(text.charAt(0) == '.' ? 1 : 0) + "\"";
    }

    /** A name or value of a sender's choice, made fit for an error message. */
    public static String echo(String text) {
        var shown = new StringBuilder();
        for (int i = 0; i < text.length() && i < ECHO_LENGTH_MAX; i++) {
            char c = text.charAt(i);
            shown.append(Character.isISOControl(c) || Character.isSurrogate(c) || c == '"' ? '?' : c);
        }
        return text.length() > ECHO_LENGTH_MAX ? shown + "…" : shown.toString();
    }
}
