package dev.treaty.http.server;

import dev.treaty.core.call.Code;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.handler.codec.http.HttpVersion;

/**
 * Decodes requests of HTTP/1.1. It rejects what Netty's decoder tolerates in a request line: other separators than one
 * space, and versions in lower case.
 */
final class RequestDecoder extends HttpRequestDecoder {
    private static final int CHUNK_BYTES_MAX = 64 << 10;

    /** Where the last word of the request line ended. */
    private int wordEnd;

    private boolean separated;

    /** Whether a request line has been decoded, and its headers are not complete. */
    private boolean head;

    RequestDecoder(int headerBytesMax) {
        super(new HttpDecoderConfig()
                .setMaxInitialLineLength(headerBytesMax)
                .setMaxHeaderSize(headerBytesMax)
                .setMaxChunkSize(CHUNK_BYTES_MAX));
    }

    @Override
    protected String splitFirstWordInitialLine(byte[] bytes, int start, int length) {
        separated = true;
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

    /** Notes that the headers are complete. */
    void headComplete() {
        head = false;
    }

    /** Whether a part of a head has been received. */
    boolean partial() {
        return head || internalBuffer().isReadable();
    }
}
