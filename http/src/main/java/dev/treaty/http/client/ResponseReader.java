package dev.treaty.http.client;

import dev.treaty.codec.OutputBuffer;
import dev.treaty.core.call.Deadline;
import dev.treaty.core.call.Headers;
import dev.treaty.core.call.ResponseMetadata;
import dev.treaty.http.wire.CallHeaders;
import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads HTTP/1.1 responses into one buffer, strictly by RFC 9112: everything that two parsers could interpret
 * differently is rejected. After {@link #read} the accessors describe the response, until the next one.
 */
final class ResponseReader {
    /** The maximum size of a status line and its headers together, in bytes, with trailers and interim responses. */
    static final int HEAD_BYTES_MAX = 32 << 10;

    /** The maximum number of headers. */
    static final int HEADERS_MAX = 128;

    /** The maximum number of interim (1xx) responses before the final one. */
    static final int INTERIM_MAX = 8;

    /** The maximum length of a line with a chunk size, in bytes. */
    static final int CHUNK_LINE_MAX = 256;

    /** Proxies answer with these statuses too if the body, the target or the headers of a request are too large. */
    private static final Set<Integer> REQUEST_TOO_LARGE = Set.of(413, 414, 431);

    private static final int BUFFER_BYTES = 8 << 10;
    private static final int GROWTH_MAX = 8;
    private static final int NUMBER_DIGITS_MAX = 18;
    private static final byte[] VERSION = "HTTP/1.".getBytes(StandardCharsets.US_ASCII);

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
    private boolean http10;
    private boolean json;
    private boolean reached;
    private boolean retryable;
    private long retryAfterSeconds;
    private long contentLength;
    private boolean chunked;
    private int bodyStart;
    private int bodyLength;

    /** The headers and trailers of the handler; null if there are none. */
    private Headers.@Nullable Receiver received;

    ResponseReader(int bodyBytesMax) {
        this.bodyBytesMax = bodyBytesMax;
    }

    int status() {
        return status;
    }

    /** Returns true if the connection can be used for another request. */
    boolean persistent() {
        return persistent;
    }

    /** Returns true if the content type of the body is JSON. */
    boolean json() {
        return json;
    }

    /** Returns false if the server rejected the request before it could have run. */
    boolean reached() {
        return reached;
    }

    /** Returns false if the request fails again at every instance. */
    boolean retryable() {
        return retryable;
    }

    /** The retry delay that the server asks for, in seconds; -1 for none. */
    long retryAfterSeconds() {
        return retryAfterSeconds;
    }

    /** The headers and trailers that the handler has set. */
    ResponseMetadata metadata() {
        return received == null ? ResponseMetadata.NONE : ResponseMetadata.of(received.headers(), received.trailers());
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

    /** Returns true if at least one byte of the response has been received. */
    boolean begun() {
        return end > 0;
    }

    /** Discards the last response. */
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
     * @throws MalformedResponse if it is not HTTP, or exceeds a limit
     * @throws EOFException if the peer closed the connection before its end
     */
    void read(ByteChannel channel, Deadline deadline) throws IOException {
        clear();
        headBytes = 0;
        headers = 0;
        int interim = 0;
        do {
            if (interim++ > INTERIM_MAX) {
                throw new MalformedResponse("more than " + INTERIM_MAX + " interim responses");
            }
            readHead(channel, deadline);
        } while (status < 200);
        readBody(channel, deadline);
    }

    private void readHead(ByteChannel channel, Deadline deadline) throws IOException {
        contentLength = -1;
        chunked = false;
        json = false;
        reached = true;
        retryAfterSeconds = -1;
        received = null;
        readLine(channel, deadline);
        parseStatusLine();
        retryable = !REQUEST_TOO_LARGE.contains(status);
        while (readHeaderLine(channel, deadline)) {
            parseHeader();
        }
        if (chunked && contentLength >= 0) {
            throw new MalformedResponse("both Content-Length and Transfer-Encoding");
        }
        if (status == 101) {
            throw new MalformedResponse("it switches protocols without a request to do so");
        }
    }

    private void parseStatusLine() throws MalformedResponse {
        int i = lineStart;
        boolean valid = lineEnd - i >= 12
                && Arrays.equals(buffer, i, i + VERSION.length, VERSION, 0, VERSION.length)
                && (buffer[i + 7] == '0' || buffer[i + 7] == '1')
                && buffer[i + 8] == ' '
                && number(i + 9, i + 12) >= 0
                && (lineEnd - i == 12 || buffer[i + 12] == ' ');
        if (!valid) {
            throw new MalformedResponse("the status line is not HTTP/1.1 and a status");
        }
        status = (int) number(i + 9, i + 12);
        if (status < 100 || status > 599) {
            throw new MalformedResponse("the status " + status + " does not exist");
        }
        http10 = buffer[i + 7] == '0';
        persistent = !http10;
    }

    /** Returns the end of the name of the header in the current line. */
    private int nameEnd() throws MalformedResponse {
        int colon = lineStart;
        while (colon < lineEnd && Headers.isNameCharacter(buffer[colon])) {
            colon++;
        }
        if (colon == lineStart || colon == lineEnd || buffer[colon] != ':') {
            throw new MalformedResponse(
                    isBlank(buffer[lineStart])
                            ? "a header continues on a second line"
                            : "a header without a valid name");
        }
        return colon;
    }

    private void parseHeader() throws MalformedResponse {
        int colon = nameEnd();
        int from = skipBlanks(colon + 1, lineEnd);
        int to = trimBlanks(from, lineEnd);
        if (is("connection", lineStart, colon)) {
            persistent &= !listContains("close", from, to);
        } else if (is("retry-after", lineStart, colon)) {
            retryAfterSeconds = number(from, to);
        } else if (is("content-type", lineStart, colon)) {
            json = isJson(from, to);
        } else if (is("content-length", lineStart, colon)) {
            long length = number(from, to);
            if (length < 0) {
                throw new MalformedResponse("the Content-Length is not a number");
            }
            if (contentLength >= 0 && contentLength != length) {
                throw new MalformedResponse("two different Content-Lengths");
            }
            contentLength = length;
        } else if (is(CallHeaders.REACHED, lineStart, colon)) {
            reached = !is(CallHeaders.NO, from, to);
        } else if (is(CallHeaders.RETRY, lineStart, colon)) {
            retryable = !is(CallHeaders.NO, from, to);
        } else if (is("content-encoding", lineStart, colon) && !is("identity", from, to)) {
            throw new MalformedResponse("a Content-Encoding that was not requested");
        } else if (is("transfer-encoding", lineStart, colon)) {
            if (chunked || http10 || !is("chunked", from, to)) {
                throw new MalformedResponse("a Transfer-Encoding other than chunked");
            }
            chunked = true;
        } else if (!is("date", lineStart, colon)) {
            receive(colon, from, to);
        }
    }

    private void receive(int colon, int from, int to) {
        if (received == null) {
            received = new Headers.Receiver();
        }
        received.add(
                new String(buffer, lineStart, colon - lineStart, StandardCharsets.ISO_8859_1),
                new String(buffer, from, Math.max(0, to - from), StandardCharsets.ISO_8859_1));
    }

    private int skipBlanks(int from, int to) {
        int i = from;
        while (i < to && isBlank(buffer[i])) {
            i++;
        }
        return i;
    }

    private int trimBlanks(int from, int to) {
        int i = to;
        while (i > from && isBlank(buffer[i - 1])) {
            i--;
        }
        return i;
    }

    /** Parses a number; -1 if it is not one, or has too many digits. */
    private long number(int from, int to) {
        if (from == to || to - from > NUMBER_DIGITS_MAX) {
            return -1;
        }
        long number = 0;
        for (int i = from; i < to; i++) {
            if (buffer[i] < '0' || buffer[i] > '9') {
                return -1;
            }
            number = number * 10 + buffer[i] - '0';
        }
        return number;
    }

    private boolean isJson(int from, int to) {
        int typeEnd = from;
        while (typeEnd < to && buffer[typeEnd] != ';') {
            typeEnd++;
        }
        return is("application/json", from, trimBlanks(from, typeEnd));
    }

    /** Returns true if the bytes are that word in lower case, without regard to case. */
    private boolean is(String word, int from, int to) {
        if (to - from != word.length()) {
            return false;
        }
        for (int i = 0; i < word.length(); i++) {
            int c = buffer[from + i];
            if ((c >= 'A' && c <= 'Z' ? c + 32 : c) != word.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    /** Returns true if a comma-separated list contains that word. */
    private boolean listContains(String word, int from, int to) {
        int start = from;
        for (int i = from; i <= to; i++) {
            if (i == to || buffer[i] == ',') {
                start = skipBlanks(start, i);
                if (is(word, start, trimBlanks(start, i))) {
                    return true;
                }
                start = i + 1;
            }
        }
        return false;
    }

    private static boolean isBlank(byte c) {
        return c == ' ' || c == '\t';
    }

    private void readBody(ByteChannel channel, Deadline deadline) throws IOException {
        bodyStart = at;
        bodyLength = 0;
        if (status == 204 || status == 304) {
            persistent &= !chunked && contentLength <= 0; // otherwise a body may follow all the same
        } else if (chunked) {
            readChunks(channel, deadline);
        } else if (contentLength >= 0) {
            bodyLength = checkedLength(contentLength);
            fillTo(at + bodyLength, channel, deadline);
            at += bodyLength;
        } else {
            persistent = false; // the body ends with the connection
            do {
                checkedLength(end - bodyStart);
            } while (fill(channel, deadline) >= 0);
            bodyLength = end - bodyStart;
            at = end;
        }
        if (end > at) {
            persistent = false; // the server sent more than one response
        }
    }

    private int checkedLength(long length) throws MalformedResponse {
        if (length > bodyBytesMax) {
            throw MalformedResponse.tooLarge(bodyBytesMax);
        }
        return (int) length;
    }

    /** Joins the chunks in place: moves each down to the end of the one before. */
    private void readChunks(ByteChannel channel, Deadline deadline) throws IOException {
        for (int size = readChunkSize(channel, deadline); size > 0; size = readChunkSize(channel, deadline)) {
            checkedLength((long) bodyLength + size);
            fillTo(at + size + 2, channel, deadline);
            if (buffer[at + size] != '\r' || buffer[at + size + 1] != '\n') {
                throw new MalformedResponse("a chunk is longer than its size");
            }
            System.arraycopy(buffer, at, buffer, bodyStart + bodyLength, size);
            bodyLength += size;
            at += size + 2;
            closeGap();
        }
        while (readHeaderLine(channel, deadline)) {
            nameEnd(); // trailers are checked and ignored
        }
    }

    /**
     * Moves what has not been read down to the end of the body, once that is no more than what has been read since the
     * last time: then each byte is moved twice at most, however small the chunks are.
     */
    private void closeGap() {
        int bodyEnd = bodyStart + bodyLength;
        if (end - at <= at - bodyEnd) {
            System.arraycopy(buffer, at, buffer, bodyEnd, end - at);
            end -= at - bodyEnd;
            at = bodyEnd;
        }
    }

    private int readChunkSize(ByteChannel channel, Deadline deadline) throws IOException {
        readLine(CHUNK_LINE_MAX, channel, deadline);
        long size = 0;
        int i = lineStart;
        for (; i < lineEnd && Character.digit(buffer[i], 16) >= 0; i++) {
            size = checkedLength(size * 16 + Character.digit(buffer[i], 16));
        }
        if (i == lineStart || (i < lineEnd && buffer[i] != ';')) {
            throw new MalformedResponse("a chunk size is not a hexadecimal number");
        }
        return (int) size;
    }

    /** Reads the next header or trailer; returns false at the empty line after the last one. */
    private boolean readHeaderLine(ByteChannel channel, Deadline deadline) throws IOException {
        readLine(channel, deadline);
        if (lineEnd > lineStart && ++headers > HEADERS_MAX) {
            throw new MalformedResponse("more than " + HEADERS_MAX + " headers and trailers");
        }
        return lineEnd > lineStart;
    }

    private void readLine(ByteChannel channel, Deadline deadline) throws IOException {
        readLine(HEAD_BYTES_MAX - headBytes, channel, deadline);
        headBytes += at - lineStart;
    }

    /** Reads the next line, which must end with CR LF and contain no other control characters. */
    private void readLine(int bytesMax, ByteChannel channel, Deadline deadline) throws IOException {
        lineStart = at;
        for (int i = at; ; i++) {
            if (i - lineStart >= bytesMax) {
                throw new MalformedResponse(
                        "more than " + HEAD_BYTES_MAX + " bytes of headers, or " + CHUNK_LINE_MAX + " before a chunk");
            }
            byte c = byteAt(i, channel, deadline);
            if (c == '\r') {
                if (byteAt(i + 1, channel, deadline) != '\n') {
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

    private byte byteAt(int index, ByteChannel channel, Deadline deadline) throws IOException {
        fillTo(index + 1, channel, deadline);
        return buffer[index];
    }

    /** Fills the buffer up to that position. */
    private void fillTo(int position, ByteChannel channel, Deadline deadline) throws IOException {
        while (end < position) {
            if (end == buffer.length) {
                grow(position);
            }
            if (fill(channel, deadline) < 0) {
                throw new EOFException();
            }
        }
    }

    /** Enlarges the buffer towards a size that the server has announced, but only by a multiple of what it has sent. */
    private void grow(int position) {
        int size = Math.max(2 * buffer.length, Math.min(position, GROWTH_MAX * buffer.length));
        buffer = Arrays.copyOf(buffer, size);
    }

    private int fill(ByteChannel channel, Deadline deadline) throws IOException {
        if (end == buffer.length) {
            grow(end + 1);
        }
        int count = channel.read(buffer, end, buffer.length - end, deadline);
        if (count > 0) {
            end += count;
        }
        return count;
    }
}
