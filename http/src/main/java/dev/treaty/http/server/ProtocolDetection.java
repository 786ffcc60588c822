package dev.treaty.http.server;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.codec.http2.Http2CodecUtil;
import java.util.List;

/** Reads the first bytes of a connection: HTTP/2 begins with a preface, and everything else is HTTP/1.1. */
@SuppressWarnings("FutureReturnValueIgnored") // a failure closes the connection
final class ProtocolDetection extends ByteToMessageDecoder {
    private static final ByteBuf PREFACE = Unpooled.unreleasableBuffer(Http2CodecUtil.connectionPrefaceBuf());

    private final ServerParts parts;
    private final boolean rejecting;
    private final long oldNanos;

    // Set by handlerAdded.
    private ConnectionTimeout timeout;

    @SuppressWarnings("NullAway.Init")
    ProtocolDetection(ServerParts parts, boolean rejecting, long oldNanos) {
        this.parts = parts;
        this.rejecting = rejecting;
        this.oldNanos = oldNanos;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        timeout = new ConnectionTimeout(context.executor(), parts.time(), context::close);
        timeout.within(parts.options().idleTimeout());
    }

    @Override
    protected void decode(ChannelHandlerContext context, ByteBuf in, List<Object> out) {
        int known = Math.min(in.readableBytes(), PREFACE.readableBytes());
        for (int i = 0; i < known; i++) {
            if (in.getByte(in.readerIndex() + i) != PREFACE.getByte(i)) {
                http1(context.pipeline());
                return;
            }
        }
        if (known == PREFACE.readableBytes()) {
            Http2Connection.add(context.pipeline(), parts, rejecting, oldNanos);
            context.pipeline().remove(this);
        }
    }

    private void http1(ChannelPipeline pipeline) {
        var decoder = new RequestDecoder(parts.options().headerBytesMax());
        pipeline.addLast(decoder, new Http1Connection(parts, decoder, rejecting, oldNanos));
        pipeline.remove(this);
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (event instanceof ChannelInputShutdownEvent) {
            context.close(); // the client left before its first request
        }
    }

    @Override
    protected void handlerRemoved0(ChannelHandlerContext context) {
        timeout.close();
    }
}
