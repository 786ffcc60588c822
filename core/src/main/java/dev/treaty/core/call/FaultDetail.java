package dev.treaty.core.call;

import dev.treaty.core.text.PrintableText;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.regex.Pattern;

/**
 * A part of a fault for programs, beside its message for people: a message of a type that both sides know. Clients that
 * do not know the type keep it as it is.
 *
 * @param type the name of the message's type, such as {@code google.rpc.RetryInfo}: up to {@link #TYPE_LENGTH_MAX}
 *     visible ASCII characters
 * @param value the message in the encoding of its type, which is Protobuf for clients of other languages: up to {@link
 *     #BYTES_MAX} bytes
 */
@SuppressWarnings("ArrayRecordComponent") // compared by content, and copied
public record FaultDetail(String type, byte[] value) {
    /** The maximum length of the name of a type, in characters. */
    public static final int TYPE_LENGTH_MAX = 256;

    /** The maximum size of a value, in bytes. */
    public static final int BYTES_MAX = 16 << 10;

    private static final Pattern TYPE = Pattern.compile("[!-~]{1," + TYPE_LENGTH_MAX + "}");

    /** @throws IllegalArgumentException if the type is no name, or the value is too large */
    public FaultDetail {
        if (!TYPE.matcher(type).matches()) {
            throw new IllegalArgumentException("the type of a detail is 1 to " + TYPE_LENGTH_MAX
                    + " visible ASCII characters, unlike " + PrintableText.quote(type));
        }
        if (value.length > BYTES_MAX) {
            throw new IllegalArgumentException(
                    "the detail " + type + " has " + value.length + " bytes: use at most " + BYTES_MAX);
        }
        value = value.clone();
    }

    /** A detail whose value is a text in UTF-8. */
    public static FaultDetail text(String type, String text) {
        return new FaultDetail(type, text.getBytes(StandardCharsets.UTF_8));
    }

    /** Returns a copy. */
    @Override
    public byte[] value() {
        return value.clone();
    }

    /** The value as a text in UTF-8. */
    public String text() {
        return new String(value, StandardCharsets.UTF_8);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof FaultDetail detail && type.equals(detail.type) && Arrays.equals(value, detail.value);
    }

    @Override
    public int hashCode() {
        return 31 * type.hashCode() + Arrays.hashCode(value);
    }

    /** The type and the size; a value may be secret. */
    @Override
    public String toString() {
        return type + " (" + value.length + " bytes)";
    }
}
