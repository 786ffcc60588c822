package dev.treaty.http.server;

import dev.treaty.core.call.Code;
import dev.treaty.http.wire.CallHeaders;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.netty.util.ReferenceCountUtil;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A connection with HTTP/1.1: one exchange at a time, in the order of the requests. It reads on while an action runs,
 * in order to notice that the client leaves; pipelined requests wait in a queue, and then it does not read.
 *
 * <p>After a response that was sent before the whole request was received, the connection closes, since what follows
 * may be the rest of a body. Before it closes, it reads and discards what the client is sending, for a short time, so
 * that the client can read the response.
 */
@SuppressWarnings("FutureReturnValueIgnored") // a failure closes the connection
final class Http1Connection extends ExchangeHandler {
    private static final System.Logger LOGGER = System.getLogger(Http1Connection.class.getName());

    /** The maximum size of the rest of a body that is read and discarded in order to keep a connection. */
    private static final int DISCARDED_BYTES_MAX = 64 << 10;

    /** How long a closing connection discards what the client sends, at most. */
    private static final Duration LINGER = Duration.ofSeconds(1);

    /** A client that ends its side of the connection later after its request than this has left. */
    private static final Duration HALF_CLOSE_MAX = Duration.ofMillis(10);

    /** A client that ended its side at once gets a response that takes no longer than this; then it counts as gone. */
    private static final Duration HALF_CLOSED_WAIT = Duration.ofSeconds(1);

    private static final int NO_CONTENT = 204;

    /** The largest body that is copied behind its head. */
    private static final int COPIED_BYTES_MAX = 16 << 10;

    private static final Pattern HOST =
            Pattern.compile("(?:[A-Za-z0-9._~!$&'()*+,;=%-]*|\\[[0-9A-Fa-f:.]+])(?::[0-9]*)?");
    private static final ByteBuf CONTINUE = Unpooled.unreleasableBuffer(
            Unpooled.copiedBuffer("HTTP/1.1 100 Continue\r\n\r\n", StandardCharsets.US_ASCII));

    private enum State {
        /** Waits for a request, or receives its head. */
        IDLE,
        /** Credentials are being checked; nothing is read. */
        CHECKING,
        /** Receives a body, of an exchange or to discard it. */
        RECEIVING,
        /** The request has been received and has no response yet. */
        RUNNING,
        /** The last response has been sent; what arrives is discarded. */
        CLOSING
    }

    private final RequestDecoder decoder;
    private final long oldNanos;
    private State state = State.IDLE;
    private @Nullable String lastHost;
    private boolean headBegun;
    private boolean keepAlive;
    private boolean awaitingContinue;
    private long bodyBytesLeft;
    private boolean inputEnded;
    private boolean writing;
    private long receivedNanos;

    /**
     * @param decoder the handler before this one
     * @param rejecting whether all requests are rejected, because the server has too many connections
     * @param oldNanos when the connection is no longer used
     * @param peer where it comes from
     */
    Http1Connection(ServerParts parts, RequestDecoder decoder, boolean rejecting, long oldNanos, Peer peer) {
        super(parts, rejecting, peer);
        this.decoder = decoder;
        this.oldNanos = oldNanos;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext added) {
        super.handlerAdded(added);
        idle();
    }

    private void idle() {
        state = State.IDLE;
        exchange = null;
        origin = null;
        headBegun = false;
        timeout.within(parts.options().idleTimeout());
    }

    @Override
    boolean responded() {
        return state == State.CLOSING || writing;
    }

    @Override
    void disconnect() {
        context.close();
    }

    // ------------------------------------------------------------------------------------------------------- Requests

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (state == State.CLOSING) {
            ReferenceCountUtil.release(message);
        } else if (state == State.RUNNING || state == State.CHECKING) {
            keep(message);
            context.channel().config().setAutoRead(false);
        } else {
            receive(message);
        }
    }

    /** The first part of a head begins the time within which the whole request must arrive. */
    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        if (state == State.IDLE && !headBegun && decoder.partial()) {
            headBegun = true;
            timeout.within(parts.options().requestTimeout());
        }
        ctx.fireChannelReadComplete();
    }

    private void receive(Object message) {
        try {
            if (message instanceof HttpRequest request) {
                head(request);
            }
            if (message instanceof HttpContent content) {
                body(content);
            }
        } catch (RequestRejected e) {
            respond(e.response());
        } finally {
            ReferenceCountUtil.release(message);
        }
    }

    private void head(HttpRequest request) {
        state = State.RECEIVING;
        decoder.headComplete();
        keepAlive = false;
        awaitingContinue = false;
        bodyBytesLeft = -1;
        withoutBody = request.method().equals(HttpMethod.HEAD);
        if (request.decoderResult().isFailure()) {
            throw malformed(request.decoderResult().cause());
        }
        HttpHeaders headers = request.headers();
        String target = target(request);
        transferCodings(headers);
        bodyBytesLeft = HttpUtil.isTransferEncodingChunked(request) ? -1 : HttpUtil.getContentLength(request, 0L);
        keepAlive = !rejecting
                && HttpUtil.isKeepAlive(request)
                && request.protocolVersion().equals(HttpVersion.HTTP_1_1);
        expectation(request);
        if (begin(request.method().name(), target, headers, bodyBytesLeft)) {
            begun();
        } else {
            state = State.CHECKING;
        }
    }

    private void begun() {
        if (awaitingContinue) {
            awaitingContinue = false;
            context.writeAndFlush(CONTINUE.duplicate(), context.voidPromise());
        }
    }

    /** Returns the target as a path; rejects a request without a valid host or target. */
    private String target(HttpRequest request) {
        String target = request.uri();
        List<String> hosts = request.headers().getAll(HttpHeaderNames.HOST);
        boolean hostValid = hosts.isEmpty()
                ? request.protocolVersion().equals(HttpVersion.HTTP_1_0)
                : hosts.size() == 1 && isHost(hosts.getFirst());
        if (!hostValid || !isTarget(target)) {
            throw malformed();
        }
        if (target.startsWith("/")) {
            return target;
        }
        if (target.equals("*") && request.method().name().equals("OPTIONS")) {
            return target;
        }
        String scheme = peer.encrypted() ? "https://" : "http://";
        if (target.toLowerCase(Locale.ROOT).startsWith(scheme)) {
            String[] split = target.substring(scheme.length()).split("(?=[/?])", 2);
            String authority = split[0];
            if (!authority.isEmpty() && isHost(authority)) {
                request.headers().set(HttpHeaderNames.HOST, authority);
                String path = split.length < 2 ? "" : split[1];
                return path.startsWith("/") ? path : "/" + path;
            }
        }
        if (request.method().name().equals("CONNECT")) {
            throw new RequestRejected(501, Code.UNIMPLEMENTED, "this server is no proxy");
        }
        throw malformed();
    }

    /** Whether it is a host and perhaps a port; most requests of a connection have the same. */
    private boolean isHost(String host) {
        if (!host.equals(lastHost)) {
            if (!HOST.matcher(host).matches()) {
                return false;
            }
            lastHost = host;
        }
        return true;
    }

    private static boolean isTarget(String target) {
        for (int i = 0; i < target.length(); i++) {
            char c = target.charAt(i);
            if (c <= ' ' || c > '~' || c == '#') {
                return false;
            }
        }
        return !target.isEmpty();
    }

    private static void transferCodings(HttpHeaders headers) {
        for (String coding : headers.getAll(HttpHeaderNames.TRANSFER_ENCODING)) {
            if (!coding.strip().equalsIgnoreCase("chunked")) {
                throw new RequestRejected(
                        501, Code.UNIMPLEMENTED, "the only transfer coding of this server is chunked");
            }
        }
    }

    private void expectation(HttpRequest request) {
        String expected = request.headers().get(HttpHeaderNames.EXPECT);
        if (expected == null || !request.protocolVersion().equals(HttpVersion.HTTP_1_1)) {
            return;
        }
        if (!expected.equalsIgnoreCase("100-continue")) {
            throw new RequestRejected(417, Code.INVALID_ARGUMENT, "the only expectation is 100-continue");
        }
        awaitingContinue = bodyBytesLeft != 0;
    }

    private void body(HttpContent content) {
        if (content.decoderResult().isFailure()) {
            keepAlive = false;
            Exchange current = exchange;
            if (current != null && !current.over()) {
                Throwable cause = content.decoderResult().cause();
                current.reject(
                        cause instanceof TooLongHttpLineException ? malformed() : malformed(cause)); // of a chunk
            } else if (state == State.RECEIVING) {
                close();
            }
            return;
        }
        if (state != State.RECEIVING) {
            return; // of a request that was rejected, in a connection that is closing
        }
        ByteBuf bytes = content.content();
        if (bodyBytesLeft > 0) {
            bodyBytesLeft -= bytes.readableBytes();
        }
        Exchange current = exchange;
        if (current != null) {
            current.content(bytes);
        }
        if (content instanceof LastHttpContent && state == State.RECEIVING) {
            received();
        }
    }

    private void received() {
        bodyBytesLeft = 0;
        if (run()) {
            state = State.RUNNING;
            receivedNanos = parts.time().nanoTime();
        } else {
            next();
        }
    }

    private static RequestRejected malformed() {
        return new RequestRejected(Code.INVALID_ARGUMENT, "the request is not well-formed HTTP/1.1");
    }

    private static RequestRejected malformed(Throwable cause) {
        return switch (cause) {
            case RequestRejected rejected -> rejected;
            case TooLongHttpLineException _ ->
                new RequestRejected(414, Code.RESOURCE_EXHAUSTED, "the request line is longer than this server allows");
            case TooLongHttpHeaderException _ ->
                new RequestRejected(431, Code.RESOURCE_EXHAUSTED, "the headers are larger than this server allows");
            default -> malformed();
        };
    }

    @Override
    void checked(@Nullable RequestRejected rejected) {
        state = State.RECEIVING;
        if (rejected == null) {
            begun();
        } else {
            respond(rejected.response());
        }
        takeWaiting();
    }

    @Override
    void lastRequest() {
        keepAlive = false;
    }

    // ------------------------------------------------------------------------------------------------------ Responses

    @Override
    void respond(Response response) {
        Exchange answered = exchange;
        if (!context.channel().isActive()) {
            written(answered);
            return;
        }
        boolean whole = state == State.RUNNING
                || bodyBytesLeft == 0
                || (bodyBytesLeft > 0 && bodyBytesLeft <= DISCARDED_BYTES_MAX && !awaitingContinue);
        keepAlive &= whole
                && !inputEnded
                && !parts.application().draining()
                && parts.time().nanoTime() - oldNanos < 0;
        writing = true;
        timeout.within(parts.options().idleTimeout());
        boolean last = !keepAlive;
        ChannelFuture written = write(cors.readable(response, origin), last);
        if (last) {
            state = State.CLOSING;
            exchange = null;
            dropWaiting();
            written.addListener(_ -> {
                written(answered);
                close();
            });
        } else {
            boolean runs = state == State.RUNNING;
            written.addListener(_ -> {
                writing = false;
                written(answered);
                if (runs) {
                    next();
                }
            });
        }
    }

    /** Waits for the next request, or takes it from the queue. */
    private void next() {
        if (state == State.CLOSING) {
            return;
        }
        idle();
        takeWaiting();
    }

    private void takeWaiting() {
        while (state == State.IDLE || state == State.RECEIVING) {
            Object next = nextWaiting();
            if (next == null) {
                break;
            }
            receive(next);
        }
        if (!waits() && state != State.CHECKING && !context.channel().config().isAutoRead()) {
            context.channel().config().setAutoRead(true);
        }
        if (inputEnded && state == State.IDLE) {
            close();
        }
    }

    private ChannelFuture write(Response response, boolean last) {
        int length = withoutBody ? 0 : response.length();
        boolean copied = length <= COPIED_BYTES_MAX;
        ByteBuf head = context.alloc().buffer(256 + (copied ? length : 0));
        ByteBufUtil.writeAscii(head, "HTTP/1.1 ");
        ByteBufUtil.writeAscii(
                head, HttpResponseStatus.valueOf(response.status()).toString());
        header(head, "Date", parts.date().now());
        for (Map.Entry<String, String> header : response.headers().entrySet()) {
            header(head, header.getKey(), header.getValue());
        }
        CallHeaders.each(response.metadata(), (name, value) -> header(head, name, value));
        if (response.status() != NO_CONTENT) {
            header(head, "Content-Length", Integer.toString(response.length()));
        }
        if (last) {
            header(head, "Connection", "close");
        }
        ByteBufUtil.writeAscii(head, "\r\n\r\n");
        if (copied) {
            head.writeBytes(response.bytes(), 0, length);
            return context.writeAndFlush(head);
        }
        context.write(head, context.voidPromise());
        return context.writeAndFlush(Unpooled.wrappedBuffer(response.bytes(), 0, length));
    }

    private static void header(ByteBuf head, String name, String value) {
        ByteBufUtil.writeAscii(head, "\r\n");
        ByteBufUtil.writeAscii(head, name);
        ByteBufUtil.writeAscii(head, ": ");
        ByteBufUtil.writeUtf8(head, value);
    }

    // --------------------------------------------------------------------------------------------------------- Closing

    /** Closes the connection once the client has read the response, which it can only while its data is read. */
    private void close() {
        state = State.CLOSING;
        writing = false;
        if (inputEnded || !context.channel().isActive()) {
            context.close();
            return;
        }
        Closing.endOutput(context.channel());
        context.channel().config().setAutoRead(true);
        timeout.within(LINGER);
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (!(event instanceof ChannelInputShutdownEvent)) {
            ctx.fireUserEventTriggered(event);
            return;
        }
        inputEnded = true;
        if (writing || state == State.CHECKING) {
            return;
        }
        Exchange running = exchange;
        if (state != State.RUNNING || parts.time().nanoTime() - receivedNanos > HALF_CLOSE_MAX.toNanos()) {
            left();
        } else {
            ctx.executor()
                    .schedule(
                            () -> {
                                if (exchange == running && !writing) {
                                    left();
                                }
                            },
                            HALF_CLOSED_WAIT.toMillis(),
                            TimeUnit.MILLISECONDS);
        }
    }

    private void left() {
        state = State.CLOSING;
        abandon();
        context.close();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        super.channelInactive(ctx);
        state = State.CLOSING;
        dropWaiting();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (!Closing.byClient(cause)) {
            LOGGER.log(System.Logger.Level.WARNING, "A connection failed", cause);
        }
        state = State.CLOSING; // what has been received already is not run
        ctx.close();
    }
}
