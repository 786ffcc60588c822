package dev.treaty.codec.json;

import dev.treaty.codec.Json;
import dev.treaty.codec.MessageException;
import java.io.OutputStream;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamWriteConstraints;
import tools.jackson.core.TokenStreamFactory.Feature;
import tools.jackson.core.exc.StreamConstraintsException;
import tools.jackson.core.exc.UnexpectedEndOfInputException;
import tools.jackson.core.json.JsonFactory;

/** Creates parsers and generators with the limits of {@link Json}, and describes their errors in sentences. */
public final class JsonFormat {
    private JsonFormat() {}

    /** Creates parsers and generators with the limits of {@link Json}. */
    public static final JsonFactory FACTORY = JsonFactory.builder()
            .disable(Feature.CHARSET_DETECTION) // JSON between systems is UTF-8 (RFC 8259, section 8.1)
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(Json.DEPTH_MAX)
                    .maxNumberLength(Json.NUMBER_LENGTH_MAX)
                    .maxNameLength(Json.NAME_LENGTH_MAX)
                    .maxStringLength(Json.STRING_LENGTH_MAX)
                    .build())
            .streamWriteConstraints(StreamWriteConstraints.builder()
                    .maxNestingDepth(Json.DEPTH_MAX)
                    .build())
            .build();

    /** Returns a parser of a part of the bytes. */
    public static JsonParser parser(byte[] bytes, int offset, int length) {
        return FACTORY.createParser(ObjectReadContext.empty(), bytes, offset, length);
    }

    /** Returns a generator of UTF-8. */
    public static JsonGenerator generator(OutputStream out) {
        return FACTORY.createGenerator(ObjectWriteContext.empty(), out);
    }

    /** Returns the first token. */
    public static JsonToken first(JsonParser parser) {
        JsonToken token = parser.nextToken();
        if (token == null) {
            throw new MessageException(" is empty: send a JSON object");
        }
        return token;
    }

    /** Checks that the JSON value is the end of the message. */
    public static void last(JsonParser parser) {
        if (parser.nextToken() != null) {
            throw new MessageException(" continues after the end of its JSON value");
        }
    }

    /** Describes malformed JSON without the parser's message, which contains its input and class names. */
    public static MessageException malformed(JacksonException e) {
        return new MessageException(
                switch (e) {
                    case UnexpectedEndOfInputException _ -> " is not valid JSON: it ends in the middle";
                    case StreamConstraintsException _ ->
                        " exceeds a limit: at most " + Json.DEPTH_MAX
                                + " levels of nesting, names of " + Json.NAME_LENGTH_MAX + " and numbers of "
                                + Json.NUMBER_LENGTH_MAX + " characters";
                    default ->
                        " is not valid JSON"
                                + Optional.ofNullable(e.getLocation())
                                        .map(at -> " at line " + at.getLineNr() + ", column " + at.getColumnNr())
                                        .orElse("");
                });
    }

    /** Describes a value that cannot be written. */
    public static MessageException unwritable(JacksonException e) {
        return new MessageException(
                e instanceof StreamConstraintsException
                        ? " is nested deeper than " + Json.DEPTH_MAX + " levels"
                        : " cannot be written as JSON");
    }
}
