package dev.treaty.http;

import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.PrettyPrinter;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamWriteConstraints;
import tools.jackson.core.TokenStreamFactory.Feature;
import tools.jackson.core.exc.StreamConstraintsException;
import tools.jackson.core.exc.UnexpectedEndOfInputException;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.util.DefaultIndenter;
import tools.jackson.core.util.DefaultPrettyPrinter;

/**
 * JSON without a contract: objects are maps in the order of their fields, arrays are lists, numbers without a fraction
 * are {@code Integer}, {@code Long} or {@code BigInteger}, whichever is the smallest that fits, others are
 * {@code BigDecimal}, which keeps them exactly.
 */
public final class Json {
    /** The deepest nesting of objects and lists. */
    public static final int DEPTH_MAX = 64;

    /** The longest number, in characters. */
    public static final int NUMBER_LENGTH_MAX = 1_000;

    /** The longest name of a field or key of a map, in characters. */
    public static final int NAME_LENGTH_MAX = 4_096;

    /** The longest string, in characters; the limit on the whole body usually comes first. */
    public static final int STRING_LENGTH_MAX = 64 << 20;

    static final JsonFactory FACTORY = JsonFactory.builder()
            .disable(Feature.CHARSET_DETECTION) // JSON that travels is UTF-8 (RFC 8259, section 8.1)
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(DEPTH_MAX)
                    .maxNumberLength(NUMBER_LENGTH_MAX)
                    .maxNameLength(NAME_LENGTH_MAX)
                    .maxStringLength(STRING_LENGTH_MAX)
                    .build())
            .streamWriteConstraints(
                    StreamWriteConstraints.builder().maxNestingDepth(DEPTH_MAX).build())
            .build();

    private static final ObjectWriteContext PRETTY = new ObjectWriteContext.Base() {
        @Override
        public PrettyPrinter getPrettyPrinter() {
            return new DefaultPrettyPrinter().withObjectIndenter(LINES).withArrayIndenter(LINES);
        }

        @Override
        public boolean hasPrettyPrinter() {
            return true;
        }
    };

    private static final DefaultIndenter LINES = new DefaultIndenter("  ", "\n");

    private Json() {}

    /**
     * Reads one JSON value.
     *
     * @throws MessageException where the text is not one JSON value, or beyond a limit
     */
    public static @Nullable Object read(byte[] bytes) {
        return read(bytes, 0, bytes.length);
    }

    /**
     * Reads one JSON value.
     *
     * @throws MessageException where the text is not one JSON value, or beyond a limit
     */
    public static @Nullable Object read(String text) {
        return read(text.getBytes(StandardCharsets.UTF_8));
    }

    static @Nullable Object read(byte[] bytes, int offset, int length) {
        try (JsonParser parser = parser(bytes, offset, length)) {
            JsonToken token = first(parser);
            var in = new Input(parser, bytes, offset, length, false);
            Object value = token == JsonToken.VALUE_NULL ? null : AnyForm.ANY.read(in);
            last(parser);
            return value;
        } catch (JacksonException e) {
            throw malformed(e).about("the text");
        } catch (MessageException e) {
            throw e.about("the text");
        }
    }

    /**
     * Writes a value made of maps, lists, strings, numbers, booleans and nulls on one line.
     *
     * @throws MessageException where it holds anything else
     */
    public static String text(@Nullable Object value) {
        var text = new StringWriter();
        write(value, FACTORY.createGenerator(ObjectWriteContext.empty(), text));
        return text.toString();
    }

    /**
     * Writes a value as {@link #text} does, indented for people.
     *
     * @throws MessageException where it holds what JSON cannot
     */
    public static String indented(@Nullable Object value) {
        var text = new StringWriter();
        write(value, FACTORY.createGenerator(PRETTY, text));
        return text.toString();
    }

    /**
     * Writes a value as {@link #text} does, in UTF-8.
     *
     * @throws MessageException where it holds what JSON cannot
     */
    public static byte[] bytes(@Nullable Object value) {
        var bytes = new ByteArrayOutputStream();
        write(value, generator(bytes));
        return bytes.toByteArray();
    }

    private static void write(@Nullable Object value, JsonGenerator generator) {
        try (generator) {
            AnyForm.ANY.writeNullable(new Output(generator), value);
        } catch (JacksonException e) {
            throw unwritable(e).about("the value");
        } catch (MessageException e) {
            throw e.about("the value");
        }
    }

    static JsonParser parser(byte[] bytes, int offset, int length) {
        return FACTORY.createParser(ObjectReadContext.empty(), bytes, offset, length);
    }

    static JsonGenerator generator(OutputStream out) {
        return FACTORY.createGenerator(ObjectWriteContext.empty(), out);
    }

    static JsonToken first(JsonParser parser) {
        JsonToken token = parser.nextToken();
        if (token == null) {
            throw new MessageException(" is empty: send a JSON object");
        }
        return token;
    }

    static void last(JsonParser parser) {
        if (parser.nextToken() != null) {
            throw new MessageException(" goes on after the end of its JSON value");
        }
    }

    /** Says what is wrong with JSON without the parser's words, which quote its input and its classes. */
    static MessageException malformed(JacksonException e) {
        return new MessageException(
                switch (e) {
                    case UnexpectedEndOfInputException _ -> " is not valid JSON: it ends in the middle";
                    case StreamConstraintsException _ ->
                        " is beyond a limit: at most " + DEPTH_MAX
                                + " levels of nesting, names of " + NAME_LENGTH_MAX + " and numbers of "
                                + NUMBER_LENGTH_MAX + " characters";
                    default ->
                        " is not valid JSON"
                                + Optional.ofNullable(e.getLocation())
                                        .map(at -> " at line " + at.getLineNr() + ", column " + at.getColumnNr())
                                        .orElse("");
                });
    }

    static MessageException unwritable(JacksonException e) {
        return new MessageException(
                e instanceof StreamConstraintsException
                        ? " is nested deeper than " + DEPTH_MAX + " levels"
                        : " cannot be written as JSON");
    }
}
