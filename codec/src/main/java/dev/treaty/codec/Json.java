package dev.treaty.codec;

import dev.treaty.codec.json.AnyAdapter;
import dev.treaty.codec.json.JsonFormat;
import dev.treaty.codec.json.MessageReader;
import dev.treaty.codec.json.MessageWriter;
import java.io.ByteArrayOutputStream;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.PrettyPrinter;
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

    public static @Nullable Object read(byte[] bytes, int offset, int length) {
        try (JsonParser parser = JsonFormat.parser(bytes, offset, length)) {
            JsonToken token = JsonFormat.first(parser);
            var in = new MessageReader(parser, bytes, offset, length, false);
            Object value = token == JsonToken.VALUE_NULL ? null : AnyAdapter.ANY.read(in);
            JsonFormat.last(parser);
            return value;
        } catch (JacksonException e) {
            throw JsonFormat.malformed(e).about("the text");
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
        write(value, JsonFormat.FACTORY.createGenerator(ObjectWriteContext.empty(), text));
        return text.toString();
    }

    /**
     * Writes a value as {@link #text} does, indented for people.
     *
     * @throws MessageException where it holds what JSON cannot
     */
    public static String indented(@Nullable Object value) {
        var text = new StringWriter();
        write(value, JsonFormat.FACTORY.createGenerator(PRETTY, text));
        return text.toString();
    }

    /**
     * Writes a value as {@link #text} does, in UTF-8.
     *
     * @throws MessageException where it holds what JSON cannot
     */
    public static byte[] bytes(@Nullable Object value) {
        var bytes = new ByteArrayOutputStream();
        write(value, JsonFormat.generator(bytes));
        return bytes.toByteArray();
    }

    private static void write(@Nullable Object value, JsonGenerator generator) {
        try (generator) {
            AnyAdapter.ANY.writeNullable(new MessageWriter(generator), value);
        } catch (JacksonException e) {
            throw JsonFormat.unwritable(e).about("the value");
        } catch (MessageException e) {
            throw e.about("the value");
        }
    }
}
