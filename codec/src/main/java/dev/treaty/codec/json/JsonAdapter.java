package dev.treaty.codec.json;

import org.jspecify.annotations.Nullable;

/** Reads and writes the values of one shape as one Java type. */
public interface JsonAdapter {
    /** What a value must be, as the end of the sentence "field … must be". */
    String expected();

    /** Reads the value whose first token is the current one; never null. */
    Object read(MessageReader in);

    /** Writes a value. */
    void write(MessageWriter out, Object value);

    /** Parses the text form of a default; only scalars and enums have one. */
    default @Nullable Object parse(String text) {
        throw new IllegalStateException("no default is possible for " + expected());
    }
}
