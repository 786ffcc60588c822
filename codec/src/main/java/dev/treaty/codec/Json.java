package dev.treaty.codec;

import dev.treaty.codec.json.AnyAdapter;
import dev.treaty.codec.json.JsonFormat;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.PrettyPrinter;
import tools.jackson.core.util.DefaultIndenter;
import tools.jackson.core.util.DefaultPrettyPrinter;

/**
 * Reads and writes JSON without a contract. Objects are maps in the order of their fields, arrays are lists. Numbers
 * without a fraction are {@code Integer}, {@code Long} or {@code BigInteger}, the smallest that fits; others are
 * {@code BigDecimal}, which is exact.
 */
public final class Json {
    /** The maximum nesting of objects and lists. */
    public static final int DEPTH_MAX = 64;

    /** The maximum length of a number, in characters. */
    public static final int NUMBER_LENGTH_MAX = 1_000;

    /** The maximum length of the name of a field or the key of a map, in characters. */
    public static final int NAME_LENGTH_MAX = 4_096;

    /** The maximum length of a string, in characters; the limit of the whole body is usually lower. */
    public static final int STRING_LENGTH_MAX = 64 << 20;

    private static final DefaultIndenter LINES = new DefaultIndenter("  ", "\n");

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

    private Json() {}

    /**
     * Reads one JSON value.
     *
     * @throws MessageException if the text is not one JSON value, or exceeds a limit
     */
    public static @Nullable Object read(String text) {
        return read(text.getBytes(StandardCharsets.UTF_8));
    }

    /**
     * Reads one JSON value in UTF-8.
     *
     * @throws MessageException if the text is not one JSON value, or exceeds a limit
     */
    public static @Nullable Object read(byte[] bytes) {
        return JsonFormat.read("the text", bytes, 0, bytes.length, false, AnyAdapter.ANY::readElement);
    }

    /**
     * Writes a value that consists of maps, lists, strings, numbers, booleans and nulls, in one line.
     *
     * @throws MessageException if it contains anything else
     */
    public static String text(@Nullable Object value) {
        return new String(bytes(value), StandardCharsets.UTF_8);
    }

    /**
     * Writes a value as {@link #text} does, with indentation.
     *
     * @throws MessageException if JSON cannot represent the value
     */
    public static String indented(@Nullable Object value) {
        return new String(write(value, PRETTY), StandardCharsets.UTF_8);
    }

    /**
     * Writes a value as {@link #text} does, in UTF-8.
     *
     * @throws MessageException if JSON cannot represent the value
     */
    public static byte[] bytes(@Nullable Object value) {
        return write(value, ObjectWriteContext.empty());
    }

    private static byte[] write(@Nullable Object value, ObjectWriteContext context) {
        var bytes = new ByteArrayOutputStream();
        JsonFormat.write("the value", context, bytes, out -> AnyAdapter.ANY.writeElement(out, value));
        return bytes.toByteArray();
    }
}
