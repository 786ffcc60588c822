package dev.treaty.http.client;

import dev.treaty.codec.Json;
import dev.treaty.codec.MessageException;
import dev.treaty.codec.json.MessageReader;
import dev.treaty.core.call.Call;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.Deadline;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.call.Transport;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.time.Time;
import dev.treaty.http.HttpTransportOptions;
import dev.treaty.http.wire.HttpHeaders;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The way to one endpoint: takes a link from the pool, exchanges one request for one response, gives it back. */
public final class HttpConnection implements Transport.Connection {
    /** The longest message of a fault that is passed on, in characters. */
    private static final int MESSAGE_LENGTH_MAX = 4_096;

    /** The longest that a server may ask to be left alone, in seconds: a day. */
    private static final long RETRY_AFTER_MAX = 24 * 60 * 60;

    private final ServiceEndpoint endpoint;
    private final ConnectionPool pool;
    private final HttpTransportOptions options;
    private final EncodedOperation.Table routes;
    private final ByteChannel.Source wires;
    private final Time time;
    private final Consumer<HttpConnection> onClose;
    private final byte[] headers;

    public HttpConnection(
            ServiceEndpoint endpoint,
            ConnectionPool pool,
            HttpTransportOptions options,
            EncodedOperation.Table routes,
            ByteChannel.Source wires,
            Time time,
            Consumer<HttpConnection> onClose) {
        this.endpoint = endpoint;
        this.pool = pool;
        this.options = options;
        this.routes = routes;
        this.wires = wires;
        this.time = time;
        this.onClose = onClose;
        this.headers = ("Host: " + endpoint.authority()
                        + "\r\nContent-Type: application/json\r\nConnect-Protocol-Version: 1\r\n")
                .getBytes(StandardCharsets.US_ASCII);
    }

    @Override
    public ServiceResponse<?> handle(Call call) throws InterruptedException {
        Fault refusal = refusal(call);
        if (refusal != null) {
            return ServiceResponse.failed(refusal);
        }
        Deadline deadline = call.context().deadline();
        PooledConnection link = pool.take(deadline);
        if (link == null) {
            return ServiceResponse.failed(
                    pool.closed()
                            ? Fault.unreached(Code.UNAVAILABLE, "the connection to " + endpoint + " is closed")
                            : Fault.unreached(
                                    Code.DEADLINE_EXCEEDED,
                                    "all " + options.connectionsMax() + " connections to " + endpoint
                                            + " were in use until the deadline"));
        }
        try {
            return exchange(call, link, deadline);
        } catch (InterruptedException | RuntimeException | Error e) {
            link.disconnect();
            throw e;
        } finally {
            link.idle(time.nanoTime());
            pool.give(link);
        }
    }

    private @Nullable Fault refusal(Call call) {
        if (call.operation().signature().dynamic()
                && !EncodedOperation.isName(call.operation().name())) {
            return Fault.unreached(
                    Code.INVALID_ARGUMENT,
                    "\"" + MessageReader.echo(call.operation().name()) + "\" is not the name of an operation");
        }
        Map<String, String> extra = call.context().headers();
        if (extra.isEmpty()) {
            return null;
        }
        if (extra.size() > HttpHeaders.CALL_HEADERS_MAX) {
            return Fault.unreached(
                    Code.INVALID_ARGUMENT, "a call carries at most " + HttpHeaders.CALL_HEADERS_MAX + " headers");
        }
        for (Map.Entry<String, String> header : extra.entrySet()) {
            Optional<String> problem = HttpHeaders.problem(header.getKey(), header.getValue());
            if (problem.isPresent()) {
                return Fault.unreached(Code.INVALID_ARGUMENT, problem.get());
            }
        }
        return null;
    }

    private ServiceResponse<?> exchange(Call call, PooledConnection link, Deadline deadline)
            throws InterruptedException {
        EncodedOperation route = routes.of(call);
        try {
            link.encode(route, call.arguments());
        } catch (MessageException e) {
            return ServiceResponse.failed(Fault.unreached(Code.INVALID_ARGUMENT, e.sentence()));
        }
        if (link.connected() && !link.alive()) {
            link.disconnect();
        }
        boolean again = link.connected();
        while (true) {
            Fault fault = link.connected() ? null : connect(link, deadline);
            if (fault == null) {
                if (deadline.expired(time)) {
                    return ServiceResponse.failed(Fault.unreached(
                            Code.DEADLINE_EXCEEDED, "the deadline passed before the call was sent to " + endpoint));
                }
                fault = attempt(call, route, link, deadline);
            }
            if (fault == null) {
                return answer(route, link);
            }
            link.disconnect();
            // A connection that had been idle and brought nothing back was most likely closed by the server before
            // the request came. Most likely is not surely: only what is idempotent, or was never sent, goes out again.
            boolean resend = again && fault.code() == Code.UNAVAILABLE && !link.response.begun();
            boolean harmless = !fault.reached() || call.operation().idempotent();
            if (!resend || !harmless) {
                return ServiceResponse.failed(fault);
            }
            again = false;
        }
    }

    private @Nullable Fault connect(PooledConnection link, Deadline deadline) throws InterruptedException {
        Deadline patience = deadline.earlier(Deadline.after(options.connectTimeout(), time));
        try {
            link.connect(wires.open(endpoint, patience));
            return null;
        } catch (ClosedByInterruptException e) {
            throw interrupted();
        } catch (SocketTimeoutException e) {
            return deadline.expired(time)
                    ? Fault.unreached(Code.DEADLINE_EXCEEDED, "no connection to " + endpoint + " within the deadline")
                    : Fault.unreached(
                            Code.UNAVAILABLE, "no connection to " + endpoint + " within " + options.connectTimeout());
        } catch (UnknownHostException e) {
            return Fault.unreached(Code.UNAVAILABLE, "the host of " + endpoint + " is not known");
        } catch (IOException e) {
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
            return Fault.unreached(Code.UNAVAILABLE, "no connection to " + endpoint + ": " + reason(e));
        }
    }

    private static String reason(IOException e) {
        return e.getMessage() == null ? "it failed" : e.getMessage();
    }

    private static InterruptedException interrupted() {
        Thread.interrupted(); // the exception says it; the flag would say it twice
        return new InterruptedException();
    }

    private @Nullable Fault attempt(Call call, EncodedOperation route, PooledConnection link, Deadline deadline)
            throws InterruptedException {
        link.response.clear();
        boolean sent = false;
        try {
            link.head(route, headers, call.context(), time);
            link.send(deadline);
            sent = true;
            link.receive(deadline);
            return null;
        } catch (ClosedByInterruptException e) {
            throw interrupted();
        } catch (SocketTimeoutException e) {
            return fault(Code.DEADLINE_EXCEEDED, "no answer of " + endpoint + " within the deadline", link, sent);
        } catch (MalformedResponse e) {
            return Fault.of(e.code(), "the answer of " + endpoint + " " + e.getMessage());
        } catch (EOFException e) {
            String when = link.response.begun() ? "in the middle of its answer" : "without an answer";
            return Fault.of(Code.UNAVAILABLE, endpoint + " closed the connection " + when);
        } catch (IOException e) {
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
            return fault(Code.UNAVAILABLE, "the connection to " + endpoint + " failed: " + reason(e), link, sent);
        }
    }

    private static Fault fault(Code code, String message, PooledConnection link, boolean sent) {
        return new Fault(code, message, sent || link.sent(), Optional.empty());
    }

    private ServiceResponse<?> answer(EncodedOperation route, PooledConnection link) {
        ResponseReader response = link.response;
        try {
            if (response.status() != 200) {
                return ServiceResponse.failed(faultOf(response));
            }
            if (!response.json()) {
                return ServiceResponse.failed(
                        Code.UNKNOWN, endpoint + " answered with something else than application/json");
            }
            return ServiceResponse.<@Nullable Object>ok(
                    route.codec().readResponse(response.body(), response.bodyStart(), response.bodyLength()));
        } catch (MessageException e) {
            return ServiceResponse.failed(Code.INTERNAL, e.sentence());
        } finally {
            if (!response.persistent()) {
                link.disconnect();
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
        Optional<Duration> pause = response.retryAfterSeconds() < 0
                ? Optional.empty()
                : Optional.of(Duration.ofSeconds(Math.min(response.retryAfterSeconds(), RETRY_AFTER_MAX)));
        return new Fault(code, message, response.reached(), pause);
    }

    private static Map<?, ?> error(ResponseReader response) {
        try {
            boolean json = response.json() && response.bodyLength() > 0;
            Object body = json
                    ? Json.read(Arrays.copyOfRange(
                            response.body(), response.bodyStart(), response.bodyStart() + response.bodyLength()))
                    : null;
            return body instanceof Map<?, ?> map ? map : Map.of();
        } catch (MessageException e) {
            return Map.of(); // not the error of a Connect server; the status says what there is to say
        }
    }

    @Override
    public void close() {
        pool.close();
        onClose.accept(this);
    }

    /** Closes at once; calls under way fail. */
    public void abort() {
        pool.abort();
        onClose.accept(this);
    }
}
