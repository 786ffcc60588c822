package dev.treaty.http.client;

import dev.treaty.codec.OutputBuffer;
import dev.treaty.core.call.Deadline;
import dev.treaty.http.wire.HttpHeaders;
import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Reads one HTTP/1.1 response after another into one buffer, strictly by RFC 9112: whatever two parsers could
 * understand differently is refused. After {@link #read} the fields say what came; they hold until the next one.
 */
final class ResponseReader {
    /** The largest status line and headers together, in bytes; trailers and interim responses count as well. */
    static final int HEAD_BYTES_MAX = 32 << 10;

    /** The most headers. */
    static final int HEADERS_MAX = 128;

    /** The most interim (1xx) responses before the final one. */
    static final int INTERIM_MAX = 8;

    /** The longest line that begins a chunk, in bytes. */
    static final int CHUNK_LINE_MAX = 256;

    /** What a header's name may have besides letters and digits (RFC 9110, section 5.6.2). */
    private static final String SIGNS = "!#$%&'*+-.^_`|~";

    private static final int BUFFER_BYTES = 8 << 10;
    private static final byte[] VERSION = ascii("HTTP/1.");
    private static final byte[] CONTENT_LENGTH = ascii("content-length");
    private static final byte[] TRANSFER_ENCODING = ascii("transfer-encoding");
    private static final byte[] CONNECTION = ascii("connection");
    private static final byte[] CONTENT_TYPE = ascii("content-type");
    private static final byte[] CONTENT_ENCODING = ascii("content-encoding");
    private static final byte[] RETRY_AFTER = ascii("retry-after");
    private static final byte[] REACHED = ascii(HttpHeaders.REACHED);
    private static final byte[] CHUNKED = ascii("chunked");
    private static final byte[] CLOSE = ascii("close");
    private static final byte[] IDENTITY = ascii("identity");
    private static final byte[] JSON = ascii("application/json");
    private static final byte[] NO = ascii(HttpHeaders.NOT_REACHED);

    private final int bodyBytesMax;
    private byte[] buffer = new byte[BUFFER_BYTES];
    private int at;
    private int end;

    private int lineStart;
    private int lineEnd;
    private int headBytes;
    private int headers;

    private int status;
    private boolean persistent;
    private boolean old;
    private boolean json;
    private boolean reached;
    private long retryAfterSeconds;
    private long contentLength;
    private boolean chunked;
    private int bodyStart;
    private int bodyLength;

    ResponseReader(int bodyBytesMax) {
        this.bodyBytesMax = bodyBytesMax;
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    int status() {
        return status;
    }

    /** True where the connection can carry another request. */
    boolean persistent() {
        return persistent;
    }

    /** True where the body says that it is JSON. */
    boolean json() {
        return json;
    }

    /** False where the server says that it refused the request before it could have run. */
    boolean reached() {
        return reached;
    }

    /** How long the server wants to be left alone, in seconds; -1 where it does not say. */
    long retryAfterSeconds() {
        return retryAfterSeconds;
    }

    byte[] body() {
        return buffer;
    }

    int bodyStart() {
        return bodyStart;
    }

    int bodyLength() {
        return bodyLength;
    }

    /** True where at least one byte of the response has come. */
    boolean begun() {
        return end > 0;
    }

    /** Forgets the last response. */
    void clear() {
        at = 0;
        end = 0;
        if (buffer.length > OutputBuffer.KEPT_MAX) {
            buffer = new byte[BUFFER_BYTES];
        }
    }

    /**
     * Reads a response.
     *
     * @throws MalformedResponse where it is not HTTP, or beyond a limit
     * @throws EOFException where the peer closed before its end
     */
    void read(ByteChannel wire, Deadline deadline) throws IOException {
        clear();
        headBytes = 0;
        headers = 0;
        int interim = 0;
        do {
            if (interim++ > INTERIM_MAX) {
                throw new MalformedResponse("more than " + INTERIM_MAX + " interim responses");
            }
            head(wire, deadline);
        } while (status < 200);
        body(wire, deadline);
    }

    private void head(ByteChannel wire, Deadline deadline) throws IOException {
        contentLength = -1;
        chunked = false;
        json = false;
        reached = true;
        retryAfterSeconds = -1;
        line(wire, deadline);
        statusLine();
        for (line(wire, deadline); lineEnd > lineStart; line(wire, deadline)) {
            if (++headers > HEADERS_MAX) {
                throw new MalformedResponse("more than " + HEADERS_MAX + " headers");
            }
            header();
        }
        if (chunked && contentLength >= 0) {
            throw new MalformedResponse("both Content-Length and Transfer-Encoding");
        }
        if (status == 101) {
            throw new MalformedResponse("it switches protocols, which nobody asked for");
        }
    }

    private void statusLine() throws MalformedResponse {
        int i = lineStart;
        boolean shaped = lineEnd - i >= 12
                && Arrays.equals(buffer, i, i + VERSION.length, VERSION, 0, VERSION.length)
                && (buffer[i + 7] == '0' || buffer[i + 7] == '1')
                && buffer[i + 8] == ' '
                && digit(i + 9)
                && digit(i + 10)
                && digit(i + 11)
                && (lineEnd - i == 12 || buffer[i + 12] == ' ');
        if (!shaped) {
            throw new MalformedResponse("the status line is not HTTP/1.1 and a status");
        }
        status = (buffer[i + 9] - '0') * 100 + (buffer[i + 10] - '0') * 10 + buffer[i + 11] - '0';
        if (status < 100 || status > 599) {
            throw new MalformedResponse("the status " + status + " does not exist");
        }
        old = buffer[i + 7] == '0';
        persistent = !old;
    }

    private boolean digit(int index) {
        return buffer[index] >= '0' && buffer[index] <= '9';
    }

    private void header() throws MalformedResponse {
        int colon = lineStart;
        while (colon < lineEnd && token(buffer[colon])) {
            colon++;
        }
        if (colon == lineStart || colon == lineEnd || buffer[colon] != ':') {
            throw new MalformedResponse(
                    buffer[lineStart] == ' ' || buffer[lineStart] == '\t'
                            ? "a header goes on over two lines"
                            : "a header without a proper name");
        }
        int from = colon + 1;
        int to = lineEnd;
        while (from < to && blank(buffer[from])) {
            from++;
        }
        while (to > from && blank(buffer[to - 1])) {
            to--;
        }
        switch (colon - lineStart) {
            case 10 -> {
                if (named(CONNECTION, colon) && listed(CLOSE, from, to)) {
                    persistent = false;
                }
            }
            case 11 -> {
                if (named(RETRY_AFTER, colon)) {
                    retryAfterSeconds = number(from, to);
                }
            }
            case 12 -> {
                if (named(CONTENT_TYPE, colon)) {
                    json = mediaType(from, to);
                }
            }
            case 14 -> {
                if (named(CONTENT_LENGTH, colon)) {
                    length(from, to);
                } else if (named(REACHED, colon)) {
                    reached = !same(NO, from, to);
                }
            }
            case 16 -> {
                if (named(CONTENT_ENCODING, colon) && !same(IDENTITY, from, to)) {
                    throw new MalformedResponse("a Content-Encoding that nobody asked for");
                }
            }
            case 17 -> {
                if (named(TRANSFER_ENCODING, colon)) {
                    if (chunked || old || !same(CHUNKED, from, to)) {
                        throw new MalformedResponse("a Transfer-Encoding other than chunked");
                    }
                    chunked = true;
                }
            }
            default -> {
                // of no interest
            }
        }
    }

    private void length(int from, int to) throws MalformedResponse {
        long length = number(from, to);
        if (length < 0) {
            throw new MalformedResponse("the Content-Length is not a number");
        }
        if (contentLength >= 0 && contentLength != length) {
            throw new MalformedResponse("two different Content-Lengths");
        }
        contentLength = length;
    }

    /** The number that is written there, or -1 where there is none of at most eighteen digits. */
    private long number(int from, int to) {
        if (from == to || to - from > 18) {
            return -1;
        }
        long number = 0;
        for (int i = from; i < to; i++) {
            if (!digit(i)) {
                return -1;
            }
            number = number * 10 + buffer[i] - '0';
        }
        return number;
    }

    private boolean mediaType(int from, int to) {
        int length = JSON.length;
        if (to - from < length || !same(JSON, from, from + length)) {
            return false;
        }
        int next = from + length;
        while (next < to && blank(buffer[next])) {
            next++;
        }
        return next == to || buffer[next] == ';';
    }

    private boolean named(byte[] name, int colon) {
        return same(name, lineStart, colon);
    }

    /** True where the bytes are that word; capital letters count as small ones. */
    private boolean same(byte[] word, int from, int to) {
        if (to - from != word.length) {
            return false;
        }
        for (int i = 0; i < word.length; i++) {
            int c = buffer[from + i];
            if ((c >= 'A' && c <= 'Z' ? c + 32 : c) != word[i]) {
                return false;
            }
        }
        return true;
    }

    /** True where a list with commas holds that word. */
    private boolean listed(byte[] word, int from, int to) {
        int start = from;
        for (int i = from; i <= to; i++) {
            if (i == to || buffer[i] == ',') {
                int last = i;
                while (start < last && blank(buffer[start])) {
                    start++;
                }
                while (last > start && blank(buffer[last - 1])) {
                    last--;
                }
                if (same(word, start, last)) {
                    return true;
                }
                start = i + 1;
            }
        }
        return false;
    }

    private static boolean within(byte c, char from, char to) {
        return c >= from && c <= to;
    }

    private static boolean blank(byte c) {
        return c == ' ' || c == '\t';
    }

    private static boolean token(byte c) {
        return within(c, 'a', 'z') || within(c, 'A', 'Z') || within(c, '0', '9') || SIGNS.indexOf(c) >= 0;
    }

    private void body(ByteChannel wire, Deadline deadline) throws IOException {
        if (status == 204 || status == 304) {
            bodyStart = at;
            bodyLength = 0;
            chunked = false;
        } else if (chunked) {
            chunks(wire, deadline);
        } else if (contentLength >= 0) {
            if (contentLength > bodyBytesMax) {
                throw MalformedResponse.tooLarge(bodyBytesMax);
            }
            bodyStart = at;
            bodyLength = (int) contentLength;
            need(bodyLength, wire, deadline);
            at += bodyLength;
        } else {
            untilClosed(wire, deadline);
        }
        if (end > at) {
            persistent = false; // it sent more than it was asked for
        }
    }

    private void untilClosed(ByteChannel wire, Deadline deadline) throws IOException {
        bodyStart = at;
        persistent = false;
        do {
            if (end - bodyStart > bodyBytesMax) {
                throw MalformedResponse.tooLarge(bodyBytesMax);
            }
        } while (fill(wire, deadline) >= 0);
        bodyLength = end - bodyStart;
        at = end;
    }

    /** Puts the chunks together in place: what stands between them only ever makes room. */
    private void chunks(ByteChannel wire, Deadline deadline) throws IOException {
        bodyStart = at;
        bodyLength = 0;
        while (true) {
            int size = chunkSize(wire, deadline);
            if (size == 0) {
                break;
            }
            if (size > bodyBytesMax - bodyLength) {
                throw MalformedResponse.tooLarge(bodyBytesMax);
            }
            need(size + 2, wire, deadline);
            if (buffer[at + size] != '\r' || buffer[at + size + 1] != '\n') {
                throw new MalformedResponse("a chunk is longer than it says");
            }
            System.arraycopy(buffer, at, buffer, bodyStart + bodyLength, size);
            bodyLength += size;
            int next = at + size + 2;
            System.arraycopy(buffer, next, buffer, bodyStart + bodyLength, end - next);
            at = bodyStart + bodyLength;
            end = at + end - next;
        }
        for (line(wire, deadline); lineEnd > lineStart; line(wire, deadline)) {
            if (++headers > HEADERS_MAX) {
                throw new MalformedResponse("more than " + HEADERS_MAX + " headers and trailers");
            }
        }
    }

    private int chunkSize(ByteChannel wire, Deadline deadline) throws IOException {
        line(CHUNK_LINE_MAX, wire, deadline);
        int size = 0;
        int i = lineStart;
        for (; i < lineEnd && Character.digit(buffer[i], 16) >= 0; i++) {
            if (i - lineStart >= 7) {
                throw MalformedResponse.tooLarge(bodyBytesMax);
            }
            size = size * 16 + Character.digit(buffer[i], 16);
        }
        if (i == lineStart || (i < lineEnd && buffer[i] != ';')) {
            throw new MalformedResponse("a chunk's size is not a hexadecimal number");
        }
        return size;
    }

    /** Finds the next line of the head or of the trailers. */
    private void line(ByteChannel wire, Deadline deadline) throws IOException {
        line(HEAD_BYTES_MAX - headBytes, wire, deadline);
        headBytes += at - lineStart;
    }

    /** Finds the next line, which ends with CR LF and has no other control characters. */
    private void line(int bytesMax, ByteChannel wire, Deadline deadline) throws IOException {
        lineStart = at;
        for (int i = at; ; i++) {
            if (i - lineStart >= bytesMax) {
                throw new MalformedResponse(
                        "more than " + HEAD_BYTES_MAX + " bytes of headers, or " + CHUNK_LINE_MAX + " before a chunk");
            }
            byte c = byteAt(i, wire, deadline);
            if (c == '\r') {
                if (byteAt(i + 1, wire, deadline) != '\n') {
                    throw new MalformedResponse("a carriage return without a line feed");
                }
                lineEnd = i;
                at = i + 2;
                return;
            }
            if ((c >= 0 && c < ' ' && c != '\t') || c == 127) {
                throw new MalformedResponse(
                        c == '\n' ? "a line feed without a carriage return" : "a control character in a line");
            }
        }
    }

    private byte byteAt(int index, ByteChannel wire, Deadline deadline) throws IOException {
        while (index >= end) {
            if (fill(wire, deadline) < 0) {
                throw new EOFException();
            }
        }
        return buffer[index];
    }

    private void need(int bytes, ByteChannel wire, Deadline deadline) throws IOException {
        if (buffer.length - at < bytes) {
            buffer = Arrays.copyOf(buffer, at + bytes);
        }
        while (end - at < bytes) {
            if (fill(wire, deadline) < 0) {
                throw new EOFException();
            }
        }
    }

    private int fill(ByteChannel wire, Deadline deadline) throws IOException {
        if (end == buffer.length) {
            buffer = Arrays.copyOf(buffer, buffer.length * 2);
        }
        int count = wire.read(buffer, end, buffer.length - end, deadline);
        if (count > 0) {
            end += count;
        }
        return count;
    }
}
