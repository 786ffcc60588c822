package dev.treaty.http.client;

import dev.treaty.codec.Json;
import dev.treaty.codec.MessageException;
import dev.treaty.codec.json.MessageReader;
import dev.treaty.core.call.Call;
import dev.treaty.core.call.CallContext;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.Deadline;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.FaultDetail;
import dev.treaty.core.call.Headers;
import dev.treaty.core.call.Origin;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.call.Transport;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.security.TokenSource;
import dev.treaty.core.time.Time;
import dev.treaty.http.HttpTransportOptions;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;
import javax.net.ssl.SSLHandshakeException;
import org.jspecify.annotations.Nullable;

/**
 * Sends calls to one endpoint: takes a connection from the pool, exchanges one request for one response, returns it.
 */
public final class HttpConnection implements Transport.Connection {
    /** The maximum length of a fault's message, in characters; the rest is cut off. */
    private static final int MESSAGE_LENGTH_MAX = 4_096;

    /** The maximum retry delay of a server, in seconds: a day. */
    private static final long RETRY_AFTER_MAX = 24 * 60 * 60;

    private final ServiceEndpoint endpoint;
    private final ConnectionPool pool;
    private final HttpTransportOptions options;
    private final EncodedOperation.Table operations;
    private final ByteChannel.Source channels;
    private final TokenSource tokens;
    private final Time time;
    private final Consumer<HttpConnection> onClose;
    private final byte[] headers;

    public HttpConnection(
            ServiceEndpoint endpoint,
            HttpTransportOptions options,
            EncodedOperation.Table operations,
            ByteChannel.Source channels,
            TokenSource tokens,
            Time time,
            Consumer<HttpConnection> onClose) {
        this.endpoint = endpoint;
        this.pool = new ConnectionPool(options, time);
        this.options = options;
        this.operations = operations;
        this.channels = channels;
        this.tokens = tokens;
        this.time = time;
        this.onClose = onClose;
        this.headers = ("Host: " + endpoint.authority()
                        + "\r\nContent-Type: application/json\r\nConnect-Protocol-Version: 1\r\n")
                .getBytes(StandardCharsets.US_ASCII);
    }

    @Override
    public ServiceResponse<?> handle(Call call) throws InterruptedException {
        Optional<String> problem = problem(call);
        if (problem.isPresent()) {
            return ServiceResponse.failed(Fault.unreached(Code.INVALID_ARGUMENT, problem.get()));
        }
        String token;
        try {
            token = token(call);
        } catch (ServiceException e) {
            return ServiceResponse.failed(e.fault());
        }
        Deadline deadline = call.context().deadline();
        PooledConnection pooled = pool.take(deadline);
        if (pooled == null) {
            return ServiceResponse.failed(
                    pool.closed()
                            ? Fault.unreached(Code.UNAVAILABLE, "the connection to " + endpoint + " is closed")
                            : Fault.unreached(
                                    Code.DEADLINE_EXCEEDED,
                                    "all " + options.connectionsMax() + " connections to " + endpoint
                                            + " were in use until the deadline"));
        }
        try {
            ServiceResponse<?> response = exchange(call, pooled, token, deadline);
            Optional<String> other = token.isEmpty() || !refused(response) ? Optional.empty() : replace(call, token);
            return other.isEmpty() ? response : exchange(call, pooled, other.get(), deadline);
        } catch (InterruptedException | RuntimeException | Error e) {
            pooled.disconnect();
            throw e;
        } finally {
            pooled.idle(time.nanoTime());
            pool.give(pooled);
        }
    }

    /** Returns the token that a call carries; empty for none. */
    private String token(Call call) throws InterruptedException {
        return tokens.equals(TokenSource.NONE) || call.context().headers().contains("authorization")
                ? ""
                : tokens.token(call.service().value())
                        .map(HttpConnection::sendable)
                        .orElse("");
    }

    /** Returns another token than one that was refused; empty if there is none. */
    private Optional<String> replace(Call call, String refused) throws InterruptedException {
        try {
            return tokens.replace(call.service().value(), refused).map(HttpConnection::sendable);
        } catch (ServiceException e) {
            return Optional.empty(); // the refusal says more
        }
    }

    /** Whether a server has refused the token, so that nothing has run. */
    private static boolean refused(ServiceResponse<?> response) {
        return response instanceof ServiceResponse.Failed<?>(var fault, var _, var _)
                && fault.code() == Code.UNAUTHENTICATED
                && !fault.reached();
    }

    /** Returns a token if it can be the value of a header. */
    private static String sendable(String token) {
        if (!token.chars().allMatch(c -> c > ' ' && c <= '~')) {
            throw ServiceException.withoutTrace(
                    Fault.unreached(Code.INTERNAL, "the token has characters that cannot be sent"));
        }
        return token;
    }

    /** What is wrong with a call that cannot be sent. */
    private static Optional<String> problem(Call call) {
        if (call.operation().signature().dynamic()
                && !EncodedOperation.isName(call.operation().name())) {
            return Optional.of(
                    "\"" + MessageReader.echo(call.operation().name()) + "\" is not the name of an operation");
        }
        return call.context().headers().sendable()
                ? Optional.empty()
                : Optional.of("a call carries at most " + Headers.COUNT_MAX + " headers of " + Headers.BYTES_MAX
                        + " bytes together");
    }

    private ServiceResponse<?> exchange(Call call, PooledConnection pooled, String token, Deadline deadline)
            throws InterruptedException {
        EncodedOperation operation = operations.of(call);
        try {
            pooled.encode(operation, call.arguments());
        } catch (MessageException e) {
            return ServiceResponse.failed(Fault.unreached(Code.INVALID_ARGUMENT, e.sentence()));
        }
        ByteChannel idle = pooled.channel();
        if (idle != null && !idle.quiet()) {
            pooled.disconnect();
        }
        Fault fault = pooled.channel() == null ? connect(pooled, deadline) : null;
        if (fault == null) {
            fault = deadline.expired(time)
                    ? Fault.unreached(
                            Code.DEADLINE_EXCEEDED, "the deadline passed before the call was sent to " + endpoint)
                    : attempt(operation, pooled, call.context(), token, deadline);
        }
        if (fault != null) {
            pooled.disconnect();
            return ServiceResponse.failed(fault);
        }
        return response(operation, pooled);
    }

    private @Nullable Fault connect(PooledConnection pooled, Deadline deadline) throws InterruptedException {
        try {
            pooled.connect(channels.open(endpoint, deadline.earlier(Deadline.after(options.connectTimeout(), time))));
            return null;
        } catch (SocketTimeoutException e) {
            return deadline.expired(time)
                    ? Fault.unreached(Code.DEADLINE_EXCEEDED, "no connection to " + endpoint + " within the deadline")
                    : Fault.unreached(
                            Code.UNAVAILABLE, "no connection to " + endpoint + " within " + options.connectTimeout());
        } catch (UnknownHostException e) {
            return Fault.unreached(Code.UNAVAILABLE, "the host of " + endpoint + " is not known");
        } catch (IOException e) {
            return Fault.unreached(Code.UNAVAILABLE, "no connection to " + endpoint + ": " + reason(e));
        }
    }

    /**
     * Sends the request and reads its response. It is sent once: if the server closes an idle connection at the moment
     * at which it is used again, the fault says so, and whether another attempt follows is a question of the guard.
     */
    private @Nullable Fault attempt(
            EncodedOperation operation, PooledConnection pooled, CallContext context, String token, Deadline deadline)
            throws InterruptedException {
        pooled.response.clear();
        boolean sent = false;
        try {
            ByteChannel channel = pooled.channel();
            if (channel == null) {
                throw new IOException("the connection was closed");
            }
            pooled.prepare(operation, headers, context, token, time);
            try {
                channel.write(pooled.request.array(), 0, pooled.request.length(), deadline);
            } catch (SocketTimeoutException | ClosedByInterruptException e) {
                throw e;
            } catch (IOException e) {
                readEarly(channel, pooled, deadline, e);
                return null;
            }
            sent = true;
            pooled.response.read(channel, deadline);
            return null;
        } catch (SocketTimeoutException e) {
            return fault(Code.DEADLINE_EXCEEDED, "no answer of " + endpoint + " within the deadline", pooled, sent);
        } catch (MalformedResponse e) {
            return e.fault(endpoint);
        } catch (EOFException e) {
            String when = pooled.response.begun() ? "in the middle of its answer" : "without an answer";
            return Fault.of(Code.UNAVAILABLE, endpoint + " closed the connection " + when);
        } catch (SSLHandshakeException e) { // which ends a connection before the server has accepted what is sent
            return Fault.unreached(Code.UNAVAILABLE, endpoint + " refuses this process: " + reason(e));
        } catch (IOException e) {
            String reason = reason(e);
            return fault(Code.UNAVAILABLE, "the connection to " + endpoint + " failed: " + reason, pooled, sent);
        }
    }

    /**
     * Reads the response of a server that has answered before it received the whole request, and then closed the
     * connection.
     *
     * @throws IOException the failure to write, if there is no such response
     */
    private static void readEarly(ByteChannel channel, PooledConnection pooled, Deadline deadline, IOException failure)
            throws IOException {
        try {
            pooled.response.read(channel, deadline);
        } catch (IOException e) {
            failure.addSuppressed(e);
            throw failure;
        }
        pooled.disconnect();
    }

    /** The message of an exception. */
    private static String reason(IOException e) throws InterruptedException {
        if (Thread.interrupted() || e instanceof ClosedByInterruptException) { // clears the flag
            throw new InterruptedException();
        }
        return e.getMessage() == null ? "it failed" : e.getMessage();
    }

    private static Fault fault(Code code, String message, PooledConnection pooled, boolean sent) {
        return sent || pooled.sent() ? Fault.of(code, message) : Fault.unreached(code, message);
    }

    private ServiceResponse<?> response(EncodedOperation operation, PooledConnection pooled) {
        ResponseReader response = pooled.response;
        try {
            if (response.status() != 200) {
                return new ServiceResponse.Failed<>(faultOf(response), 0, response.metadata());
            }
            if (!response.json()) {
                return ServiceResponse.failed(
                        Code.UNKNOWN, endpoint + " answered with something else than application/json");
            }
            Object value = operation.codec().readResponse(response.body(), response.bodyStart(), response.bodyLength());
            return new ServiceResponse.Ok<@Nullable Object>(value, Origin.SERVICE, 0, response.metadata());
        } catch (MessageException e) {
            return ServiceResponse.failed(Code.INTERNAL, e.sentence());
        } finally {
            if (!response.persistent()) {
                pooled.disconnect();
            }
        }
    }

    private Fault faultOf(ResponseReader response) {
        Code code = Code.ofHttpStatus(response.status());
        String message = endpoint + " answered with HTTP status " + response.status();
        Map<?, ?> error = error(response);
        if (error.get("code") instanceof String wire) {
            code = Code.of(wire).orElse(code);
            if (error.get("message") instanceof String text) {
                message = text.length() > MESSAGE_LENGTH_MAX ? text.substring(0, MESSAGE_LENGTH_MAX) + "…" : text;
            }
        }
        Optional<Duration> retryAfter = response.retryAfterSeconds() < 0
                ? Optional.empty()
                : Optional.of(Duration.ofSeconds(Math.min(response.retryAfterSeconds(), RETRY_AFTER_MAX)));
        return new Fault(
                code, message, response.reached(), response.retryable(), retryAfter, details(error.get("details")));
    }

    /** The details of an error, of any type; without what is malformed or exceeds the limits. */
    private static List<FaultDetail> details(@Nullable Object details) {
        return details instanceof List<?> list
                ? list.stream()
                        .limit(Fault.DETAILS_MAX)
                        .flatMap(HttpConnection::detail)
                        .toList()
                : List.of();
    }

    private static Stream<FaultDetail> detail(@Nullable Object detail) {
        try {
            return detail instanceof Map<?, ?> map
                            && map.get("type") instanceof String type
                            && map.get("value") instanceof String value
                    ? Stream.of(new FaultDetail(type, Base64.getDecoder().decode(value)))
                    : Stream.empty();
        } catch (IllegalArgumentException e) {
            return Stream.empty();
        }
    }

    /** The error in the body; empty if the body is not a Connect error, so that only the status is known. */
    private static Map<?, ?> error(ResponseReader response) {
        int start = response.bodyStart();
        byte[] body = Arrays.copyOfRange(response.body(), start, start + response.bodyLength());
        try {
            return response.json() && Json.read(body) instanceof Map<?, ?> map ? map : Map.of();
        } catch (MessageException e) {
            return Map.of();
        }
    }

    @Override
    public void close() {
        pool.close();
        onClose.accept(this);
    }

    /** Closes all connections at once; calls in flight fail. */
    public void abort() {
        pool.abort();
        onClose.accept(this);
    }
}
