package dev.treaty.codec.json;

import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonToken;

/** Reads and writes the values of one shape as one Java type. */
public interface JsonAdapter {
    /** What a value must be, as the end of the sentence "field … must be". */
    String expected();

    /** Reads the value whose first token is the current one; never null. */
    Object read(MessageReader in);

    /** Reads an element of a list or a map, which only values without a contract allow to be null. */
    default @Nullable Object readElement(MessageReader in) {
        if (in.parser().currentToken() == JsonToken.VALUE_NULL) {
            throw in.mismatch(expected());
        }
        return read(in);
    }

    /** Writes a value. */
    void write(MessageWriter out, Object value);

    /** Writes an element of a list or a map, which only values without a contract allow to be null. */
    default void writeElement(MessageWriter out, @Nullable Object value) {
        if (value == null) {
            throw out.reject("must not be null");
        }
        write(out, value);
    }

    /** Parses the text form of a default; only scalars and enums have one. */
    default Object parse(String text) {
        throw new IllegalStateException("no default is possible for " + expected());
    }
}
