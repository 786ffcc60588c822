package dev.treaty.codec.json;

import org.jspecify.annotations.Nullable;

/** How the values of one shape are read from JSON and written to it, for one Java type. */
public interface JsonAdapter {
    /** What a value must be, to end the sentence "field … must be". */
    String expected();

    /** Reads the value whose first token is the current one; never null. */
    Object read(MessageReader in);

    /** Writes a value. */
    void write(MessageWriter out, Object value);

    /** The value of a default, from its text form; only scalars and enums have one. */
    default @Nullable Object parse(String text) {
        throw new IllegalStateException("no default is possible for " + expected());
    }
}
