package dev.treaty.http.server;

import dev.treaty.core.call.Code;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.DecoderResult;
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

    /** Whether a request line has been decoded, and its headers are not complete. */
    private boolean head;

    RequestDecoder(int headerBytesMax) {
        super(new HttpDecoderConfig()
                .setMaxInitialLineLength(headerBytesMax)
                .setMaxHeaderSize(headerBytesMax)
                .setMaxChunkSize(CHUNK_BYTES_MAX));
    }

    @Override
    protected void decode(ChannelHandlerContext context, ByteBuf in, List<Object> out) throws Exception {
        if (!inBody) {
            findFold(in);
        }
        super.decode(context, in, out);
        for (Object part : out) {
            if (part instanceof HttpRequest request) {
                inBody = true;
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
