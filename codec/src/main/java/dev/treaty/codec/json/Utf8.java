package dev.treaty.codec.json;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Checks that bytes are UTF-8 (RFC 3629). The parser does not: it reads overlong forms, such as {@code C0 AF} for a
 * slash, which pass filters that search for the character.
 */
final class Utf8 {
    private static final VarHandle EIGHT = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final long EIGHT_SIGNS = 0x8080808080808080L;

    private Utf8() {}

    static boolean valid(byte[] bytes, int offset, int length) {
        int end = offset + length;
        int i = offset;
        while (i < end) {
            if (end - i >= Long.BYTES && ((long) EIGHT.get(bytes, i) & EIGHT_SIGNS) == 0) {
                i += Long.BYTES;
            } else if (bytes[i] >= 0) {
                i++;
            } else {
                int size = sequence(bytes, i, end);
                if (size == 0) {
                    return false;
                }
                i += size;
            }
        }
        return true;
    }

    /** Returns the size of a sequence of several bytes; 0 if it is invalid. */
    private static int sequence(byte[] bytes, int start, int end) {
        int first = bytes[start] & 0xFF;
        int size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
        if (first < 0xC2 || first > 0xF4 || end - start < size) {
            return 0;
        }
        int code = first & (0x7F >> size);
        for (int i = start + 1; i < start + size; i++) {
            if ((bytes[i] & 0xC0) != 0x80) {
                return 0;
            }
            code = (code << 6) | (bytes[i] & 0x3F);
        }
        boolean surrogate = code >= Character.MIN_SURROGATE && code <= Character.MAX_SURROGATE;
        boolean overlong = (size == 3 && code < 0x800) || (size == 4 && code < 0x10000);
        return surrogate || overlong || code > Character.MAX_CODE_POINT ? 0 : size;
    }
}
