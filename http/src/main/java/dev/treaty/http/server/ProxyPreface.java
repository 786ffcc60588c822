package dev.treaty.http.server;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.codec.haproxy.HAProxyMessageDecoder;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Reads the first bytes of a connection with a trusted proxy, which may begin with the PROXY protocol, version 1 or 2,
 * before HTTP. It is malformed if the connection begins like it and does not end like it; then the connection closes.
 */
final class ProxyPreface extends ByteToMessageDecoder {
    /** The maximum size of what a proxy may state beyond addresses, which is ignored. */
    private static final int EXTENSION_BYTES_MAX = 4 << 10;

    private static final ByteBuf VERSION_1 =
            Unpooled.unreleasableBuffer(Unpooled.copiedBuffer("PROXY ", StandardCharsets.US_ASCII));
    private static final ByteBuf VERSION_2 =
            Unpooled.unreleasableBuffer(Unpooled.copiedBuffer("\r\n\r\n\0\r\nQUIT\n", StandardCharsets.US_ASCII));

    @Override
    protected void decode(ChannelHandlerContext context, ByteBuf in, List<Object> out) {
        boolean begins = begins(in, VERSION_1) || begins(in, VERSION_2);
        boolean whole = in.readableBytes() >= VERSION_2.readableBytes();
        if (begins && !whole) {
            return; // a message of the protocol is longer
        }
        if (begins) {
            context.pipeline().addAfter(context.name(), null, new HAProxyMessageDecoder(EXTENSION_BYTES_MAX));
        }
        context.pipeline().remove(this);
    }

    /** Whether what has been received is the beginning of a text, or begins with it. */
    private static boolean begins(ByteBuf in, ByteBuf text) {
        int known = Math.min(in.readableBytes(), text.readableBytes());
        for (int i = 0; i < known; i++) {
            if (in.getByte(in.readerIndex() + i) != text.getByte(i)) {
                return false;
            }
        }
        return true;
    }
}
