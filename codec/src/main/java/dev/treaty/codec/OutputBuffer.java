package dev.treaty.codec;

import java.io.OutputStream;
import java.util.Arrays;

/** A reusable byte buffer that grows as needed; {@link #clear} releases the memory of a large message. */
public final class OutputBuffer extends OutputStream {
    /** The maximum size that an empty buffer keeps, in bytes. */
    public static final int KEPT_MAX = 64 << 10;

    private static final int HEX_DIGITS = 16;
    private static final byte[] EMPTY = new byte[0];

    /** Allocated by the first write: what is written at once, such as a small response, takes no more than its size. */
    private byte[] array = EMPTY;

    private int length;

    /** The bytes, of which the first {@link #length} are the content. */
    public byte[] array() {
        return array;
    }

    /** The number of bytes. */
    public int length() {
        return length;
    }

    /** Removes the content. */
    public void clear() {
        length = 0;
        if (array.length > KEPT_MAX) {
            array = new byte[KEPT_MAX];
        }
    }

    private void ensure(int more) {
        if (array.length - length < more) {
            array = Arrays.copyOf(array, Math.max(2 * array.length, length + more));
        }
    }

    @Override
    public void write(int b) {
        ensure(1);
        array[length++] = (byte) b;
    }

    @Override
    public void write(byte[] bytes, int offset, int count) {
        ensure(count);
        System.arraycopy(bytes, offset, array, length, count);
        length += count;
    }

    /** Adds bytes. */
    public OutputBuffer add(byte[] bytes) {
        write(bytes, 0, bytes.length);
        return this;
    }

    /** Adds text, which must be ASCII. */
    public OutputBuffer add(String ascii) {
        ensure(ascii.length());
        for (int i = 0; i < ascii.length(); i++) {
            array[length++] = (byte) ascii.charAt(i);
        }
        return this;
    }

    /** Adds a number in decimal, which is not negative. */
    public OutputBuffer addNumber(long number) {
        int digits = 1;
        for (long rest = number / 10; rest > 0; rest /= 10) {
            digits++;
        }
        ensure(digits);
        length += digits;
        long rest = number;
        for (int i = 1; i <= digits; i++) {
            array[length - i] = (byte) ('0' + rest % 10);
            rest /= 10;
        }
        return this;
    }

    /** Adds a number as sixteen hexadecimal digits. */
    public OutputBuffer addHex(long number) {
        ensure(HEX_DIGITS);
        for (int i = HEX_DIGITS - 1; i >= 0; i--) {
            array[length++] = (byte) Character.forDigit((int) (number >>> (4 * i)) & 0xF, 16);
        }
        return this;
    }
}
