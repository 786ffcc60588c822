package dev.treaty.http.client;

import dev.treaty.codec.OutputBuffer;
import dev.treaty.core.call.CallContext;
import dev.treaty.core.call.Deadline;
import dev.treaty.core.call.Priority;
import dev.treaty.core.time.Time;
import dev.treaty.http.wire.HttpHeaders;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One place in the pool of an endpoint: the permission to have a connection, the connection while there is one, and
 * the buffers for one exchange at a time.
 */
final class PooledConnection {
    private static final long NANOS_PER_MILLI = 1_000_000;

    final ResponseReader response;
    private final OutputBuffer request = new OutputBuffer();
    private final OutputBuffer body = new OutputBuffer();

    /** Volatile because whoever closes the transport closes it from another thread. */
    private volatile @Nullable ByteChannel wire;

    private boolean used;
    private long idleSinceNanos;

    PooledConnection(int responseBytesMax) {
        this.response = new ResponseReader(responseBytesMax);
    }

    boolean connected() {
        return wire != null;
    }

    /** True where the connection has carried a request before. */
    boolean used() {
        return used;
    }

    void connect(ByteChannel fresh) {
        wire = fresh;
        used = false;
    }

    void disconnect() {
        ByteChannel last = wire;
        wire = null;
        if (last != null) {
            last.close();
        }
    }

    /** True where the connection can still be used, as far as one can know. */
    boolean alive() {
        ByteChannel current = wire;
        return current != null && current.quiet();
    }

    void idle(long nanoTime) {
        used = true;
        idleSinceNanos = nanoTime;
        request.clear();
        body.clear();
        response.clear();
    }

    boolean idleLongerThan(long nanos, long nanoTime) {
        return nanoTime - idleSinceNanos > nanos;
    }

    /** Writes the body of a request into its buffer; nothing is sent yet. */
    void encode(EncodedOperation route, List<? extends @Nullable Object> arguments) {
        body.clear();
        route.codec().writeRequest(arguments, body);
    }

    /** Writes the head of a request before its body, in one piece. */
    void head(EncodedOperation route, byte[] endpointHeaders, CallContext context, Time time) {
        request.clear();
        request.write(route.requestLine().array(), 0, route.requestLine().length());
        request.add(endpointHeaders);
        long millis = Math.max(1, context.deadline().remainingNanos(time) / NANOS_PER_MILLI);
        request.add("Connect-Timeout-Ms: ").addNumber(millis);
        var trace = context.trace();
        request.add("\r\ntraceparent: 00-").addHex(trace.traceHigh()).addHex(trace.traceLow());
        request.add("-").addHex(trace.span()).add(trace.sampled() ? "-01\r\n" : "-00\r\n");
        if (!context.caller().name().isEmpty()) {
            request.add("Treaty-Caller: ")
                    .add(HttpHeaders.encodeName(context.caller().name()))
                    .add("\r\n");
        }
        if (context.attempt() > 1) {
            request.add("Treaty-Attempt: ").addNumber(context.attempt()).add("\r\n");
        }
        if (context.priority() != Priority.NORMAL) {
            request.add("Treaty-Priority: ").add(context.priority().wire()).add("\r\n");
        }
        for (Map.Entry<String, String> header : context.headers().entrySet()) {
            request.add(header.getKey()).add(": ").add(header.getValue()).add("\r\n");
        }
        request.add("Content-Length: ").addNumber(body.length()).add("\r\n\r\n");
        request.write(body.array(), 0, body.length());
    }

    /** Sends the request. */
    void send(Deadline deadline) throws IOException {
        open().write(request.array(), 0, request.length(), deadline);
    }

    /** True where at least a part of the request has been sent. */
    boolean sent() {
        ByteChannel current = wire;
        return current != null && current.wrote();
    }

    /** Receives the response. */
    void receive(Deadline deadline) throws IOException {
        response.read(open(), deadline);
    }

    private ByteChannel open() throws IOException {
        ByteChannel current = wire;
        if (current == null) {
            throw new IOException("the connection was closed");
        }
        return current;
    }
}
