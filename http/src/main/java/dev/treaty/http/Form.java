package dev.treaty.http;

import org.jspecify.annotations.Nullable;

/** How the values of one shape are read from JSON and written to it, for one Java type. */
interface Form {
    /** What a value must be, to end the sentence "field … must be". */
    String expected();

    /** Reads the value whose first token is the current one; never null. */
    Object read(Input in);

    /** Writes a value. */
    void write(Output out, Object value);

    /** The value of a default, from its text form; only scalars and enums have one. */
    default @Nullable Object parse(String text) {
        throw new IllegalStateException("no default is possible for " + expected());
    }
}
