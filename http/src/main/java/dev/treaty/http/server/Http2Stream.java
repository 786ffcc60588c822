package dev.treaty.http.server;

import dev.treaty.core.call.Code;
import dev.treaty.http.wire.CallHeaders;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http2.DefaultHttp2DataFrame;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersFrame;
import io.netty.handler.codec.http2.DefaultHttp2ResetFrame;
import io.netty.handler.codec.http2.Http2DataFrame;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import io.netty.handler.codec.http2.Http2ResetFrame;
import io.netty.util.ReferenceCountUtil;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A stream of a connection with HTTP/2: one exchange. */
@SuppressWarnings("FutureReturnValueIgnored") // a failure closes the connection
final class Http2Stream extends ExchangeHandler {
    private static final System.Logger LOGGER = System.getLogger(Http2Stream.class.getName());

    private boolean begun;
    private boolean received;
    private boolean responded;

    /**
     * @param rejecting whether the request is rejected, because the server has too many connections
     * @param peer where the connection comes from
     */
    Http2Stream(ServerParts parts, boolean rejecting, Peer peer) {
        super(parts, rejecting, peer);
    }

    @Override
    boolean responded() {
        return responded;
    }

    @Override
    void disconnect() {
        reset(Http2Error.CANCEL);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object frame) {
        if (checking()) {
            keep(frame);
        } else {
            receive(frame);
        }
    }

    private void receive(Object frame) {
        try {
            switch (frame) {
                case Http2HeadersFrame headers -> headers(headers);
                case Http2DataFrame data -> {
                    Exchange current = exchange;
                    if (current != null) {
                        current.content(data.content());
                    }
                    if (data.isEndStream()) {
                        received();
                    }
                }
                default -> {}
            }
        } catch (RequestRejected e) {
            respond(e.response());
        } finally {
            ReferenceCountUtil.release(frame);
        }
    }

    private void headers(Http2HeadersFrame frame) {
        if (!begun) {
            begun = true;
            received = frame.isEndStream();
            head(frame);
        } else if (!frame.isEndStream() || !validTrailers(frame.headers())) {
            abandon();
            reset(Http2Error.PROTOCOL_ERROR);
            return;
        }
        if (frame.isEndStream() && !checking()) {
            received();
        }
    }

    private static boolean validTrailers(Http2Headers trailers) {
        for (CharSequence name : trailers.names()) {
            if (name.charAt(0) == ':') {
                return false;
            }
        }
        return true;
    }

    private void head(Http2HeadersFrame frame) {
        Http2Headers headers = frame.headers();
        String method = text(headers.method());
        String path = text(headers.path());
        withoutBody = method.equals("HEAD");
        if (!path.startsWith("/") && !(path.equals("*") && method.equals("OPTIONS"))) {
            throw new RequestRejected(Code.INVALID_ARGUMENT, "the request is not well-formed HTTP/2");
        }
        HttpHeaders mapped = new DefaultHttpHeaders();
        for (Map.Entry<CharSequence, CharSequence> header : headers) {
            if (header.getKey().charAt(0) != ':') {
                mapped.add(header.getKey(), header.getValue());
            }
        }
        if (headers.authority() != null) {
            mapped.set(HttpHeaderNames.HOST, headers.authority());
        }
        long bytes = frame.isEndStream() ? 0 : headers.getLong(HttpHeaderNames.CONTENT_LENGTH, -1);
        begin(method, path, mapped, bytes);
    }

    @Override
    void checked(@Nullable RequestRejected rejected) {
        if (rejected != null) {
            respond(rejected.response());
        } else if (received) {
            received();
        }
        for (Object next = nextWaiting(); next != null; next = nextWaiting()) {
            receive(next);
        }
        context.channel().config().setAutoRead(true);
    }

    @Override
    void lastRequest() {
        context.channel().parent().pipeline().fireUserEventTriggered(Http2Connection.GO_AWAY);
    }

    private static String text(@Nullable CharSequence header) {
        return header == null ? "" : header.toString();
    }

    private void received() {
        received = true;
        run();
    }

    @Override
    void respond(Response answer) {
        Exchange answered = exchange;
        if (!context.channel().isActive()) {
            written(answered);
            return;
        }
        responded = true;
        Response response = cors.readable(answer, origin);
        var headers = new DefaultHttp2Headers(false);
        headers.status(Integer.toString(response.status()));
        headers.add("date", parts.date().now());
        for (Map.Entry<String, String> header : response.headers().entrySet()) {
            headers.add(header.getKey().toLowerCase(Locale.ROOT), header.getValue());
        }
        CallHeaders.each(response.metadata(), headers::add);
        int length = withoutBody ? 0 : response.length();
        if (length > 0) {
            headers.add("content-length", Integer.toString(length));
        }
        ChannelFuture last = context.write(new DefaultHttp2HeadersFrame(headers, length == 0));
        timeout.within(parts.options().idleTimeout());
        if (length > 0) {
            last = context.write(new DefaultHttp2DataFrame(Unpooled.wrappedBuffer(response.bytes(), 0, length), true));
        }
        last.addListener(_ -> {
            written(answered);
            completed();
        });
        context.flush();
    }

    /** Ends the stream also if the client has not sent the whole request. */
    private void completed() {
        timeout.stop();
        if (!received) {
            reset(Http2Error.NO_ERROR);
        }
    }

    private void reset(Http2Error reason) {
        context.writeAndFlush(new DefaultHttp2ResetFrame(reason));
        context.close();
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof Http2ResetFrame) {
            abandon();
        }
        ctx.fireUserEventTriggered(event);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (!Closing.byClient(cause)) {
            LOGGER.log(System.Logger.Level.DEBUG, "A stream failed", cause);
        }
        abandon();
        if (!(cause instanceof Http2Exception)) { // after which Netty resets the stream, with the code of the error
            ctx.close();
        }
    }
}
