package dev.treaty.http.server;

import dev.treaty.core.call.Code;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.DecoderResult;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import java.util.List;

/**
 * Decodes requests of HTTP/1.1. It rejects what Netty's decoder tolerates in a request line: other separators than one
 * space, a space before the method, versions in lower case, and folded fields.
 */
final class RequestDecoder extends HttpRequestDecoder {
    private static final int CHUNK_BYTES_MAX = 64 << 10;

    /** Where the last word of the request line ended. */
    private int wordEnd;

    private boolean separated;

    private boolean inHeaders;
    private boolean inBody;
    private boolean folded;

    /** How many bytes of a body have been its framing, in excess of its content and of what is allowed. */
    private long framing;

    /** Whether a request line has been decoded, and its headers are not complete. */
    private boolean head;

    private final int headerBytesMax;

    RequestDecoder(int headerBytesMax) {
        super(new HttpDecoderConfig()
                .setMaxInitialLineLength(headerBytesMax)
                .setMaxHeaderSize(headerBytesMax)
                .setMaxChunkSize(CHUNK_BYTES_MAX));
        this.headerBytesMax = headerBytesMax;
    }

    @Override
    protected void decode(ChannelHandlerContext context, ByteBuf in, List<Object> out) throws Exception {
        if (!inBody) {
            findFold(in);
        }
        boolean body = inBody;
        int begin = in.readerIndex();
        super.decode(context, in, out);
        if (body) {
            countFraming(in.readerIndex() - begin, out);
        }
        for (Object part : out) {
            if (part instanceof HttpRequest request) {
                inBody = true;
                framing = 0;
                if (folded) {
                    request.setDecoderResult(DecoderResult.failure(new IllegalArgumentException("a field is folded")));
                }
            }
            if (part instanceof LastHttpContent) {
                inBody = false;
                inHeaders = false;
            }
        }
    }

    /**
     * Limits the framing of a body in chunks: their sizes, extensions and ends, and the trailers. It may have as many
     * bytes as the headers more than the content has, so neither many tiny chunks nor long extensions cost much.
     */
    private void countFraming(int bytes, List<Object> out) {
        framing += bytes;
        for (Object part : out) {
            if (part instanceof HttpContent content) {
                framing -= 2L * content.content().readableBytes();
            }
        }
        boolean complete = !out.isEmpty() && out.getLast() instanceof LastHttpContent;
        if (framing > headerBytesMax && !complete) {
            framing = Long.MIN_VALUE / 2; // reported once
            var failed = new DefaultLastHttpContent(Unpooled.EMPTY_BUFFER);
            failed.setDecoderResult(DecoderResult.failure(new RequestRejected(
                    Code.INVALID_ARGUMENT, "the body has more framing than content: send fewer chunks")));
            out.add(failed);
        }
    }

    /** Notes whether a line of the headers begins with a space or tab. What has been received begins with a line. */
    private void findFold(ByteBuf in) {
        int lineEnd;
        for (int i = in.readerIndex(); i < in.writerIndex(); i = lineEnd + 1) {
            byte first = in.getByte(i);
            boolean empty = first == '\r' || first == '\n';
            if (inHeaders && empty) {
                return;
            }
            folded |= inHeaders && (first == ' ' || first == '\t');
            lineEnd = in.indexOf(i, in.writerIndex(), (byte) '\n');
            if (lineEnd < 0) {
                return;
            }
            inHeaders |= !empty;
        }
    }

    @Override
    protected String splitFirstWordInitialLine(byte[] bytes, int start, int length) {
        separated = start == 0;
        wordEnd = start + length;
        return super.splitFirstWordInitialLine(bytes, start, length);
    }

    @Override
    protected String splitSecondWordInitialLine(byte[] bytes, int start, int length) {
        afterOneSpace(bytes, start, length);
        return super.splitSecondWordInitialLine(bytes, start, length);
    }

    @Override
    protected String splitThirdWordInitialLine(byte[] bytes, int start, int length) {
        afterOneSpace(bytes, start, length);
        return super.splitThirdWordInitialLine(bytes, start, length);
    }

    private void afterOneSpace(byte[] bytes, int start, int length) {
        separated &= start == wordEnd + 1 && bytes[wordEnd] == ' ';
        wordEnd = start + length;
    }

    @Override
    protected HttpMessage createMessage(String[] line) throws Exception {
        String version = line[2];
        if (!separated || !version.startsWith("HTTP/")) {
            throw new IllegalArgumentException("the request line is malformed");
        }
        HttpMessage message = super.createMessage(line);
        if (!message.protocolVersion().equals(HttpVersion.HTTP_1_1)
                && !message.protocolVersion().equals(HttpVersion.HTTP_1_0)) {
            throw new RequestRejected(505, Code.UNIMPLEMENTED, "this server speaks HTTP/1.1 and HTTP/2");
        }
        head = true;
        return message;
    }

    /** Netty expects eight bytes, which no header announces, after what it takes for a request of an old WebSocket. */
    @Override
    protected boolean isContentAlwaysEmpty(HttpMessage message) {
        HttpHeaders headers = message.headers();
        return headers.contains(HttpHeaderNames.SEC_WEBSOCKET_KEY1)
                && !headers.contains(HttpHeaderNames.CONTENT_LENGTH)
                && !headers.contains(HttpHeaderNames.TRANSFER_ENCODING);
    }

    /** Notes that the headers are complete. */
    void headComplete() {
        head = false;
    }

    /** Whether a part of a head has been received. */
    boolean partial() {
        return head || internalBuffer().isReadable();
    }
}
