package dev.treaty.http.server;

import dev.treaty.core.text.AddressRange;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.codec.haproxy.HAProxyMessage;
import io.netty.handler.codec.haproxy.HAProxyProxiedProtocol.AddressFamily;
import io.netty.handler.codec.http2.Http2CodecUtil;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.util.ReferenceCountUtil;
import java.util.List;

/**
 * Reads the first bytes of a connection: HTTP/2 begins with a preface, and everything else is HTTP/1.1. Before them,
 * the handler before this one may have received a message of the PROXY protocol.
 */
@SuppressWarnings("FutureReturnValueIgnored") // a failure closes the connection
final class ProtocolDetection extends ByteToMessageDecoder {
    private static final System.Logger LOGGER = System.getLogger(ProtocolDetection.class.getName());
    private static final ByteBuf PREFACE = Unpooled.unreleasableBuffer(Http2CodecUtil.connectionPrefaceBuf());

    private final ServerParts parts;
    private final boolean rejecting;
    private final long oldNanos;
    private Peer peer;
    private boolean refused;

    // Set by handlerAdded.
    private ConnectionTimeout timeout;

    @SuppressWarnings("NullAway.Init")
    ProtocolDetection(ServerParts parts, boolean rejecting, long oldNanos, Peer peer) {
        this.parts = parts;
        this.rejecting = rejecting;
        this.oldNanos = oldNanos;
        this.peer = peer;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        timeout = new ConnectionTimeout(context.executor(), parts.time(), context::close);
        timeout.within(parts.options().idleTimeout());
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) throws Exception {
        if (message instanceof HAProxyMessage stated) {
            proxied(context, stated);
        } else if (refused) { // a closed channel passes on what it has received
            ReferenceCountUtil.release(message);
        } else {
            super.channelRead(context, message);
        }
    }

    /** The address that a trusted proxy states; it states none for a connection of its own, such as a health check. */
    private void proxied(ChannelHandlerContext context, HAProxyMessage stated) {
        try {
            String source =
                    stated.proxiedProtocol().addressFamily() == AddressFamily.AF_UNIX ? null : stated.sourceAddress();
            if (source != null) {
                AddressRange.address(source)
                        .ifPresentOrElse(client -> peer = peer.behind(client), () -> refuse(context));
            }
        } finally {
            stated.release();
        }
    }

    private void refuse(ChannelHandlerContext context) {
        refused = true;
        context.close();
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
            Http2Connection.add(context.pipeline(), parts, rejecting, oldNanos, peer);
            context.pipeline().remove(this);
        }
    }

    private void http1(ChannelPipeline pipeline) {
        var decoder = new RequestDecoder(parts.options().headerBytesMax());
        pipeline.addLast(decoder, new Http1Connection(parts, decoder, rejecting, oldNanos, peer));
        pipeline.remove(this);
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (event instanceof SslHandshakeCompletionEvent handshake && handshake.isSuccess()) {
            peer.encrypted(context.pipeline().get(SslHandler.class).engine().getSession());
        } else if (event instanceof ChannelInputShutdownEvent) {
            context.close(); // the client left before its first request
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        LOGGER.log(System.Logger.Level.DEBUG, "A connection failed before its first request", cause);
        refuse(context);
    }

    @Override
    protected void handlerRemoved0(ChannelHandlerContext context) {
        timeout.close();
    }
}
