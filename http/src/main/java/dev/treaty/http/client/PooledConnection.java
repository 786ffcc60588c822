package dev.treaty.http.client;

import dev.treaty.codec.OutputBuffer;
import dev.treaty.core.call.CallContext;
import dev.treaty.core.call.Headers;
import dev.treaty.core.call.Priority;
import dev.treaty.core.time.Time;
import dev.treaty.http.wire.CallHeaders;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A slot in the pool of an endpoint: the connection, if it is open, and the buffers for one exchange at a time. The
 * number of slots limits the number of connections.
 */
final class PooledConnection {
    private static final long NANOS_PER_MILLI = 1_000_000;

    final ResponseReader response;
    final OutputBuffer request = new OutputBuffer();
    private final OutputBuffer body = new OutputBuffer();

    /** Volatile because closing the transport closes it from another thread. */
    private volatile @Nullable ByteChannel channel;

    private long idleSinceNanos;

    PooledConnection(int responseBytesMax) {
        this.response = new ResponseReader(responseBytesMax);
    }

    /** The open connection; null if there is none. */
    @Nullable
    ByteChannel channel() {
        return channel;
    }

    void connect(ByteChannel opened) {
        channel = opened;
    }

    void disconnect() {
        ByteChannel last = channel;
        channel = null;
        if (last != null) {
            last.close();
        }
    }

    /** Returns true if at least a part of the request has been sent. */
    boolean sent() {
        ByteChannel current = channel;
        return current != null && current.wrote();
    }

    void idle(long nowNanos) {
        idleSinceNanos = nowNanos;
        request.clear();
        body.clear();
        response.clear();
    }

    boolean idleLongerThan(Duration duration, Time time) {
        return time.nanoTime() - idleSinceNanos > duration.toNanos();
    }

    /** Encodes the body of a request. */
    void encode(EncodedOperation operation, List<? extends @Nullable Object> arguments) {
        body.clear();
        operation.codec().writeRequest(arguments, body);
    }

    /**
     * Writes a request with its headers and body into {@link #request}.
     *
     * @param token the token that is sent; empty for none
     */
    void prepare(EncodedOperation operation, byte[] endpointHeaders, CallContext context, String token, Time time) {
        request.clear();
        request.write(
                operation.requestLine().array(), 0, operation.requestLine().length());
        request.add(endpointHeaders);
        long millis = Math.max(1, context.deadline().remainingNanos(time) / NANOS_PER_MILLI);
        request.add("Connect-Timeout-Ms: ").addNumber(millis);
        var trace = context.trace();
        request.add("\r\ntraceparent: 00-").addHex(trace.traceHigh()).addHex(trace.traceLow());
        request.add("-").addHex(trace.span()).add(trace.sampled() ? "-01\r\n" : "-00\r\n");
        if (!context.caller().name().isEmpty()) {
            header("Treaty-Caller", CallHeaders.encodeName(context.caller().name()));
        }
        if (context.attempt() > 1) {
            request.add("Treaty-Attempt: ").addNumber(context.attempt()).add("\r\n");
        }
        if (context.priority() != Priority.NORMAL) {
            header("Treaty-Priority", context.priority().wire());
        }
        if (context.mirrored()) {
            header("Treaty-Mirror", "true");
        }
        if (!token.isEmpty()) {
            request.add("Authorization: Bearer ").add(token).add("\r\n");
        }
        Headers headers = context.headers();
        for (int i = 0; i < headers.size(); i++) {
            header(headers.name(i), headers.value(i));
        }
        request.add("Content-Length: ").addNumber(body.length()).add("\r\n\r\n");
        request.write(body.array(), 0, body.length());
    }

    private void header(String name, String value) {
        request.add(name).add(": ").add(value).add("\r\n");
    }
}
