package dev.treaty.http.server;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.codec.http2.DefaultHttp2GoAwayFrame;
import io.netty.handler.codec.http2.DefaultHttp2PingFrame;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameCodec;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2MultiplexHandler;
import io.netty.handler.codec.http2.Http2PingFrame;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.util.ReferenceCountUtil;
import java.time.Duration;

/**
 * A connection with HTTP/2. It closes after a time without streams, and if the client does not answer a ping. When it
 * is old or the server drains, the client is told to open another one.
 */
@SuppressWarnings("FutureReturnValueIgnored") // a failure closes the connection
final class Http2Connection extends ChannelInboundHandlerAdapter {
    private static final System.Logger LOGGER = System.getLogger(Http2Connection.class.getName());

    /** How many bytes a client may send of one request before the server has read them. */
    private static final int STREAM_WINDOW = 256 << 10;

    /** How many bytes a client may send of all requests before the server has read them. */
    private static final int CONNECTION_WINDOW = 1 << 20;

    /** The largest interval between two looks at the connection. */
    private static final Duration INTERVAL = Duration.ofSeconds(20);

    /** The event that tells the client to open another connection. */
    static final Object GO_AWAY = new Object();

    private static final long PING = 0x7472656174790001L;

    private final ServerParts parts;
    private final Http2FrameCodec codec;
    private final long oldNanos;
    private boolean goingAway;
    private boolean pinged;
    private boolean heard;
    private long idleSince;

    // Set by handlerAdded.
    private ConnectionTimeout timeout;

    @SuppressWarnings("NullAway.Init")
    private Http2Connection(ServerParts parts, Http2FrameCodec codec, long oldNanos) {
        this.parts = parts;
        this.codec = codec;
        this.oldNanos = oldNanos;
    }

    /**
     * Adds the handlers of HTTP/2 to a connection.
     *
     * @param rejecting whether all requests are rejected, because the server has too many connections
     * @param oldNanos when the connection is no longer used
     * @param peer where it comes from
     */
    static void add(ChannelPipeline pipeline, ServerParts parts, boolean rejecting, long oldNanos, Peer peer) {
        Http2FrameCodec codec = Http2FrameCodecBuilder.forServer()
                .initialSettings(Http2Settings.defaultSettings()
                        .maxConcurrentStreams(parts.options().streamsMax())
                        .maxHeaderListSize(parts.options().headerBytesMax())
                        .initialWindowSize(STREAM_WINDOW))
                .validateHeaders(true)
                .validateRequiredPseudoHeaders(true)
                .build();
        pipeline.addLast(codec);
        pipeline.addLast(new Http2MultiplexHandler(new ChannelInitializer<>() {
            @Override
            protected void initChannel(Channel stream) {
                stream.pipeline().addLast(new Http2Stream(parts, rejecting, peer));
            }
        }));
        pipeline.addLast(new Http2Connection(parts, codec, oldNanos));
    }

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        idleSince = parts.time().nanoTime();
        enlargeWindow(context);
        timeout = new ConnectionTimeout(context.executor(), parts.time(), () -> look(context));
        timeout.within(interval());
    }

    /** Lets one connection upload more than HTTP/2's first 64 KiB at a time. */
    private void enlargeWindow(ChannelHandlerContext context) {
        try {
            codec.connection()
                    .local()
                    .flowController()
                    .incrementWindowSize(codec.connection().connectionStream(), CONNECTION_WINDOW);
            context.flush();
        } catch (Http2Exception e) {
            throw new IllegalStateException(e); // the window is far below its maximum
        }
    }

    private Duration interval() {
        Duration idle = parts.options().idleTimeout();
        return idle.compareTo(INTERVAL) < 0 ? idle : INTERVAL;
    }

    private void look(ChannelHandlerContext context) {
        long now = parts.time().nanoTime();
        boolean streams = codec.connection().numActiveStreams() > 0;
        if (streams) {
            idleSince = now;
        }
        if (now - idleSince >= parts.options().idleTimeout().toNanos() || (pinged && !heard)) {
            context.close();
            return;
        }
        if (goingAway || now - oldNanos >= 0 || parts.application().draining()) {
            goAway(context);
            if (!streams) {
                context.close();
                return;
            }
        }
        pinged = true;
        heard = false;
        context.writeAndFlush(new DefaultHttp2PingFrame(PING));
        timeout.within(interval());
    }

    private void goAway(ChannelHandlerContext context) {
        if (!goingAway) {
            goingAway = true;
            var frame = new DefaultHttp2GoAwayFrame(Http2Error.NO_ERROR);
            frame.setExtraStreamIds(Integer.MAX_VALUE); // those that the client is sending are answered
            context.writeAndFlush(frame);
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object frame) {
        heard |= frame instanceof Http2PingFrame;
        ReferenceCountUtil.release(frame);
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (event == GO_AWAY) {
            goAway(context);
        } else if (event instanceof ChannelInputShutdownEvent) {
            context.close();
        }
        context.fireUserEventTriggered(event);
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        timeout.close();
        context.fireChannelInactive();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        if (!Closing.byClient(cause)) {
            LOGGER.log(System.Logger.Level.DEBUG, "A connection failed", cause);
        }
        if (!(cause instanceof Http2Exception)) { // after which Netty says why, and closes the connection
            context.close();
        }
    }
}
