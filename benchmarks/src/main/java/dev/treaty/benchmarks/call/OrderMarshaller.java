package dev.treaty.benchmarks.call;

import io.grpc.Drainable;
import io.grpc.KnownLength;
import io.grpc.MethodDescriptor.Marshaller;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/**
 * Orders in the encoding of protocol buffers, the fields numbered in order; written as the code that gRPC's own
 * compiler generates does it: into one array of the right size, which gRPC drains without another copy, and out of one
 * array.
 */
final class OrderMarshaller implements Marshaller<Order> {
    private static final int VARINT = 0;
    private static final int BYTES = 2;

    @Override
    public InputStream stream(Order order) {
        return new Encoded(encode(order));
    }

    @Override
    public Order parse(InputStream stream) {
        try {
            byte[] bytes = new byte[stream.available()];
            int length = stream.readNBytes(bytes, 0, bytes.length);
            if (stream.read() != -1) {
                throw new IOException("the message is longer than it said");
            }
            return new Decoder(bytes, length).order();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static byte[] encode(Order order) {
        byte[][] texts = {
            utf8(order.id()), utf8(order.customer()), utf8(order.item()), utf8(order.currency()), utf8(order.note())
        };
        int size = 0;
        for (byte[] text : texts) {
            size += 1 + varintBytes(text.length) + text.length;
        }
        size += 1 + varintBytes(order.quantity()) + 1 + varintBytes(order.priceCents()) + 2;
        var encoder = new Encoder(new byte[size]);
        encoder.text(1, texts[0]);
        encoder.text(2, texts[1]);
        encoder.text(3, texts[2]);
        encoder.number(4, order.quantity());
        encoder.number(5, order.priceCents());
        encoder.text(6, texts[3]);
        encoder.number(7, order.express() ? 1 : 0);
        encoder.text(8, texts[4]);
        return encoder.bytes;
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static int varintBytes(long value) {
        return Math.max(1, (Long.SIZE - Long.numberOfLeadingZeros(value) + 6) / 7);
    }

    private static final class Encoder {
        private final byte[] bytes;
        private int position;

        Encoder(byte[] bytes) {
            this.bytes = bytes;
        }

        void number(int field, long value) {
            bytes[position++] = (byte) (field << 3 | VARINT);
            varint(value);
        }

        void text(int field, byte[] text) {
            bytes[position++] = (byte) (field << 3 | BYTES);
            varint(text.length);
            System.arraycopy(text, 0, bytes, position, text.length);
            position += text.length;
        }

        private void varint(long value) {
            long rest = value;
            while ((rest & ~0x7FL) != 0) {
                bytes[position++] = (byte) (rest | 0x80);
                rest >>>= 7;
            }
            bytes[position++] = (byte) rest;
        }
    }

    private static final class Decoder {
        private final byte[] bytes;
        private final int length;
        private int position;

        Decoder(byte[] bytes, int length) {
            this.bytes = bytes;
            this.length = length;
        }

        Order order() throws IOException {
            String id = "";
            String customer = "";
            String item = "";
            int quantity = 0;
            long priceCents = 0;
            String currency = "";
            boolean express = false;
            String note = "";
            while (position < length) {
                long tag = varint();
                switch ((int) (tag >>> 3)) {
                    case 1 -> id = text();
                    case 2 -> customer = text();
                    case 3 -> item = text();
                    case 4 -> quantity = (int) varint();
                    case 5 -> priceCents = varint();
                    case 6 -> currency = text();
                    case 7 -> express = varint() != 0;
                    case 8 -> note = text();
                    default -> throw new IOException("an order has no field " + (tag >>> 3));
                }
            }
            return new Order(id, customer, item, quantity, priceCents, currency, express, note);
        }

        private String text() throws IOException {
            int size = (int) varint();
            if (size < 0 || size > length - position) {
                throw new IOException("a text of " + size + " bytes does not fit into the message");
            }
            String text = new String(bytes, position, size, StandardCharsets.UTF_8);
            position += size;
            return text;
        }

        private long varint() throws IOException {
            long value = 0;
            for (int shift = 0; shift < Long.SIZE && position < length; shift += 7) {
                byte next = bytes[position++];
                value |= (next & 0x7FL) << shift;
                if (next >= 0) {
                    return value;
                }
            }
            throw new IOException("a number does not end");
        }
    }

    /** Bytes that gRPC takes over as a whole. */
    private static final class Encoded extends ByteArrayInputStream implements Drainable, KnownLength {
        Encoded(byte[] bytes) {
            super(bytes);
        }

        @Override
        public int drainTo(OutputStream target) throws IOException {
            int drained = count - pos;
            target.write(buf, pos, drained);
            pos = count;
            return drained;
        }
    }
}
