package dev.treaty.codec.json;

import dev.treaty.codec.Json;
import dev.treaty.codec.MessageException;
import java.io.OutputStream;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.CharBuffer;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
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
    /** How many characters are decoded at a time. */
    private static final int DECODED_LENGTH = 8_192;

    private static final int SIGN = 0x80;
    private static final long EIGHT_SIGNS = 0x8080808080808080L;
    private static final VarHandle EIGHT_BYTES =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.nativeOrder());

    private JsonFormat() {}

    /** Creates parsers and generators with the limits of {@link Json}. */
    static final JsonFactory FACTORY = JsonFactory.builder()
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
    static JsonParser parser(byte[] bytes, int offset, int length) {
        return FACTORY.createParser(ObjectReadContext.empty(), bytes, offset, length);
    }

    /**
     * Reads a message: one JSON value.
     *
     * @param subject the beginning of the sentence in errors
     * @param lenient whether unknown fields are skipped rather than rejected
     * @param value reads the value, whose first token is the current one
     * @throws MessageException if it is not one JSON value, exceeds a limit, or is rejected by {@code value}
     */
    public static <T extends @Nullable Object> T read(
            String subject, byte[] bytes, int offset, int length, boolean lenient, Function<MessageReader, T> value) {
        if (!isUtf8(bytes, offset, length)) {
            throw new MessageException(subject + " is not valid JSON: it is not encoded in UTF-8");
        }
        try (JsonParser parser = parser(bytes, offset, length)) {
            if (parser.nextToken() == null) {
                throw new MessageException(" is empty: send a JSON object");
            }
            T result = value.apply(new MessageReader(parser, bytes, offset, length, lenient));
            if (parser.nextToken() != null) {
                throw new MessageException(" continues after the end of its JSON value");
            }
            return result;
        } catch (MessageException e) {
            throw new MessageException(subject + e.sentence());
        } catch (JacksonException e) {
            throw new MessageException(subject + malformed(e));
        }
    }

    /** Returns true if the bytes are UTF-8, of which the parser accepts other forms. */
    private static boolean isUtf8(byte[] bytes, int offset, int length) {
        int end = offset + length;
        long all = 0;
        int i = offset;
        for (; i <= end - Long.BYTES; i += Long.BYTES) {
            all |= (long) EIGHT_BYTES.get(bytes, i) & EIGHT_SIGNS;
        }
        for (; i < end; i++) {
            all |= bytes[i] & SIGN;
        }
        if (all == 0) {
            return true; // ASCII
        }
        var decoder = StandardCharsets.UTF_8.newDecoder();
        var in = ByteBuffer.wrap(bytes, offset, length);
        var out = CharBuffer.allocate(Math.min(length, DECODED_LENGTH));
        CoderResult result;
        do {
            result = decoder.decode(in, out.clear(), true);
        } while (result.isOverflow());
        return !result.isError();
    }

    /**
     * Writes a message in UTF-8.
     *
     * @param subject the beginning of the sentence in errors
     * @param value writes the value
     * @throws MessageException if JSON cannot represent the value, or {@code value} rejects it
     */
    public static void write(
            String subject, ObjectWriteContext context, OutputStream out, Consumer<MessageWriter> value) {
        try (JsonGenerator generator = FACTORY.createGenerator(context, out)) {
            var writer = new MessageWriter(generator);
            try {
                value.accept(writer);
            } catch (ClassCastException e) {
                throw writer.reject("does not have the type of the contract");
            }
        } catch (MessageException e) {
            throw new MessageException(subject + e.sentence());
        } catch (JacksonException e) {
            throw new MessageException(subject
                    + (e instanceof StreamConstraintsException
                            ? " is nested deeper than " + Json.DEPTH_MAX + " levels"
                            : " cannot be written as JSON"));
        }
    }

    /** Describes malformed JSON without the parser's message, which contains its input and class names. */
    private static String malformed(JacksonException e) {
        return switch (e) {
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
        };
    }
}
