package dev.treaty.http;

import dev.treaty.codec.JsonCodec;
import dev.treaty.codec.MessageException;
import dev.treaty.codec.OutputBuffer;
import dev.treaty.codec.json.MessageReader;
import dev.treaty.core.call.Call;
import dev.treaty.core.call.CallContext;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.Deadline;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.HostedService;
import dev.treaty.core.call.Server;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.contract.Operation;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.text.Secrets;
import dev.treaty.core.time.Time;
import dev.treaty.http.server.BrowserRequests;
import dev.treaty.http.server.Connections;
import dev.treaty.http.server.Connections.Connection;
import dev.treaty.http.server.IdentityEncoding;
import dev.treaty.http.server.Replies;
import dev.treaty.http.server.RequestHead;
import dev.treaty.http.server.RequestRejected;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.Method;
import io.helidon.http.ServerRequestHeaders;
import io.helidon.http.Status;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.helidon.webserver.http1.Http1Config;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Hosts services over HTTP/1.1 in the Connect protocol, each call on a virtual thread. {@code POST
 * /shop.Orders/get} with a JSON body calls an operation; {@code GET /-/health} returns the health of all services,
 * {@code GET /-/health/shop.Orders} that of one.
 *
 * <p>If a request is rejected before it could have run, the response has the header {@code Treaty-Reached: no}, so that
 * clients can safely retry at another instance.
 *
 * <p>On loopback, pages, raw handlers and services whose names begin with {@code treaty.} reject requests of other
 * origins and for other hosts (HTTP status 403), which a page in a browser could send; {@code /-/health} does not.
 */
public final class HttpServer implements Server {
    private static final System.Logger LOGGER = System.getLogger(HttpServer.class.getName());

    /** Referenced here because the level of an unreferenced logger can be lost. */
    private static final java.util.logging.Logger HELIDON = java.util.logging.Logger.getLogger("io.helidon");

    /** The time to complete responses when the server closes. */
    private static final Duration CLOSE_GRACE = Duration.ofMillis(200);

    private static final String HEALTH = "/-/health";

    /** What the paths of Treaty's own services begin with, such as those of the registry. */
    private static final String OWN = "/treaty.";

    /** The time without calls before a draining server closes its connections. */
    static final Duration QUIET = Duration.ofMillis(500);

    /** The interval at which a draining server checks whether calls have ended. */
    private static final Duration DRAIN_INTERVAL = Duration.ofMillis(10);

    /** The maximum size of a body for which a buffer is allocated before it has been received. */
    private static final int PREALLOCATED_BYTES_MAX = 64 << 10;

    private final HttpServerOptions options;
    private final Time time;
    private final RandomGenerator random;
    private final WebServer server;
    private final ServiceEndpoint endpoint;
    private final BrowserRequests browsers;
    private final Connections connections;

    private final ReentrantLock lock = new ReentrantLock();
    private volatile Map<String, Hosted> operations = Map.of();
    private volatile Map<String, HostedService> services = Map.of();
    private volatile Set<String> withdrawn = Set.of();
    private volatile Map<String, Page> pages = Map.of();
    private volatile Map<String, RawHandler> rawHandlers = Map.of();

    private final AtomicInteger inFlight = new AtomicInteger();
    private volatile long lastCallNanos;
    private volatile boolean draining;
    private boolean closed;

    private record Hosted(ServiceName service, Operation operation, JsonCodec codec, HostedService host) {}

    private record Page(String contentType, Supplier<byte[]> body) {}

    /**
     * Starts a server without services.
     *
     * @throws UncheckedIOException if it cannot listen on the address
     */
    public HttpServer(HttpServerOptions options, Time time, RandomGenerator random) {
        this.options = options;
        this.time = time;
        this.random = random;
        if (HELIDON.getLevel() == null) {
            HELIDON.setLevel(java.util.logging.Level.SEVERE);
        }
        this.browsers = new BrowserRequests(options.host());
        this.connections = new Connections(time, options.idleTimeout());
        this.server = WebServer.builder()
                .host(options.host())
                .port(options.port())
                .shutdownHook(false)
                .shutdownGracePeriod(CLOSE_GRACE)
                .contentEncoding(encodings ->
                        encodings.contentEncodingsDiscoverServices(false).addContentEncoding(new IdentityEncoding()))
                .maxPayloadSize(-1) // limited here, with a message
                .maxTcpConnections(options.connectionsMax())
                .idleConnectionTimeout(options.idleTimeout())
                .connectionOptions(connections)
                .addProtocol(Http1Config.builder()
                        .maxPrologueLength(options.headerBytesMax())
                        .maxHeadersSize(options.headerBytesMax())
                        .sendKeepAliveHeader(false)
                        .build())
                .directHandlers(Replies.rejections())
                .routing(HttpRouting.builder().any(this::handle))
                .build();
        probe(options);
        server.start();
        if (!server.isRunning()) {
            throw cannotListen(options, new IOException("the reason is in the log"));
        }
        connections.start();
        this.endpoint = new ServiceEndpoint("http", reachableHost(options.host()), server.port());
    }

    /** Binds the address first, since the web server only logs why it cannot listen. */
    private static void probe(HttpServerOptions options) {
        try (var socket = new ServerSocket()) {
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(options.host(), options.port()));
        } catch (IOException e) {
            throw cannotListen(options, e);
        }
    }

    private static UncheckedIOException cannotListen(HttpServerOptions options, IOException e) {
        String where = options.host() + ":" + options.port();
        return new UncheckedIOException(new IOException("cannot listen at " + where + ": " + e.getMessage(), e));
    }

    private static String reachableHost(String host) {
        try {
            boolean wildcard = InetAddress.getByName(host).isAnyLocalAddress();
            return wildcard ? InetAddress.getLocalHost().getHostAddress() : host;
        } catch (UnknownHostException e) {
            return host;
        }
    }

    @Override
    public ServiceEndpoint endpoint() {
        return endpoint;
    }

    @Override
    public void host(HostedService service) {
        ServiceContract contract = service.contract();
        ServiceName name = contract.name();
        var added = new HashMap<String, Hosted>();
        for (Operation operation : contract.operations()) {
            added.put(
                    "/" + name + "/" + operation.name(),
                    new Hosted(name, operation, new JsonCodec(name, operation), service));
        }
        lock.lock();
        try {
            if (closed || draining) {
                throw new IllegalStateException("the server at " + endpoint + " is closed");
            }
            var all = new HashMap<>(operations);
            all.values().removeIf(hosted -> hosted.service.equals(name));
            all.putAll(added);
            var names = new TreeMap<>(services);
            names.put(name.value(), service);
            operations = Map.copyOf(all);
            services = names;
            withdrawn = withdrawn.stream().filter(n -> !n.equals(name.value())).collect(Collectors.toUnmodifiableSet());
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void withdraw(ServiceName service) {
        lock.lock();
        try {
            var gone = new HashSet<>(withdrawn);
            gone.add(service.value());
            withdrawn = Set.copyOf(gone); // first, so that calls find a service either hosted or withdrawn
            var all = new HashMap<>(operations);
            all.values().removeIf(hosted -> hosted.service.equals(service));
            operations = Map.copyOf(all);
            var names = new TreeMap<>(services);
            names.remove(service.value());
            services = names;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void page(String path, String contentType, Supplier<byte[]> body) {
        if (!path.startsWith("/-/")) {
            throw new IllegalArgumentException("the path of a page begins with /-/, not " + path);
        }
        lock.lock();
        try {
            var all = new HashMap<>(pages);
            all.put(path, new Page(contentType, body));
            pages = Map.copyOf(all);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Handles another protocol below a path.
     *
     * @param prefix begins and ends with a slash; the longest prefix that matches a request applies
     */
    public void handle(String prefix, RawHandler handler) {
        if (!prefix.startsWith("/") || !prefix.endsWith("/")) {
            throw new IllegalArgumentException(
                    "the prefix of a handler begins and ends with a slash, unlike " + prefix);
        }
        lock.lock();
        try {
            var all = new TreeMap<String, RawHandler>(
                    Comparator.comparingInt(String::length).reversed().thenComparing(p -> p));
            all.putAll(rawHandlers);
            all.put(prefix, handler);
            rawHandlers = Collections.unmodifiableMap(all);
        } finally {
            lock.unlock();
        }
    }

    private @Nullable RawHandler rawHandler(String path) {
        for (Map.Entry<String, RawHandler> each : rawHandlers.entrySet()) {
            if (path.startsWith(each.getKey())) {
                return each.getValue();
            }
        }
        return null;
    }

    private void raw(RawHandler handler, ServerRequest request, ServerResponse response, Connection connection)
            throws InterruptedException {
        var query = new HashMap<String, List<String>>();
        for (String name : request.query().names()) {
            query.put(name, request.query().all(name, List::of));
        }
        String path = request.prologue().uriPath().path();
        String method = request.prologue().method().text();
        var raw = new RawHandler.Request(method, path, query, body(request, response, connection, Deadline.MAX));
        RawHandler.Answer answer;
        connection.busy();
        try {
            answer = handler.answer(raw);
        } catch (RuntimeException e) {
            LOGGER.log(
                    System.Logger.Level.ERROR, "The handler failed for " + MessageReader.echo(path), Secrets.mask(e));
            answer = RawHandler.Answer.text(500, "internal error");
        } finally {
            connection.awaitingClient();
        }
        response.status(Status.create(answer.status()));
        answer.headers().forEach((name, value) -> response.header(HeaderNames.create(name), value));
        response.header(HeaderNames.CONTENT_TYPE, answer.contentType());
        response.send(answer.body());
    }

    private void handle(ServerRequest request, ServerResponse response) {
        Connection connection = connections.of(request);
        connection.awaitingClient();
        String path = request.prologue().uriPath().rawPath();
        if (draining) {
            response.header(HeaderValues.CONNECTION_CLOSE);
        }
        if (request.prologue().method().equals(Method.HEAD)) {
            Replies.headNotAllowed(response);
            return;
        }
        RawHandler handler = rawHandler(path);
        try {
            if (handler != null || (path.startsWith("/-/") && !path.startsWith(HEALTH)) || path.startsWith(OWN)) {
                browsers.check(request.headers());
            }
            if (path.startsWith("/-/")) {
                page(path, request, response);
                return;
            }
        } catch (RequestRejected rejected) {
            Replies.fault(response, rejected.status(), rejected.fault());
            return;
        }
        inFlight.incrementAndGet();
        if (draining) {
            lastCallNanos = time.nanoTime();
        }
        try {
            if (handler != null) {
                raw(handler, request, response, connection);
            } else {
                call(path, request, response, connection);
            }
        } catch (RequestRejected rejected) {
            Replies.fault(response, rejected.status(), rejected.fault());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CloseConnectionException("the server is closing", e);
        } finally {
            inFlight.decrementAndGet();
        }
    }

    private void call(String path, ServerRequest request, ServerResponse response, Connection connection)
            throws InterruptedException {
        if (draining) {
            throw new RequestRejected(Code.UNAVAILABLE, "the server is shutting down: call another instance");
        }
        Hosted hosted = operations.get(path);
        if (hosted == null) {
            throw unknown(path);
        }
        if (!request.prologue().method().equals(Method.POST)) {
            Replies.methodNotAllowed(response, true);
            return;
        }
        ServerRequestHeaders headers = request.headers();
        RequestHead.check(headers);
        CallContext context = RequestHead.context(headers, time, random);
        long left = context.deadline().remainingNanos(time);
        byte[] body = body(request, response, connection, Duration.ofNanos(left));
        if (context.deadline().expired(time)) {
            throw new RequestRejected(Code.DEADLINE_EXCEEDED, "the deadline passed before the request was received");
        }
        var call = new Call(hosted.service, hosted.operation, arguments(hosted, body), context);
        ServiceResponse<?> answer;
        connection.busy();
        try {
            answer = answer(hosted, call);
        } finally {
            connection.awaitingClient();
        }
        reply(hosted, answer, response);
    }

    private static List<@Nullable Object> arguments(Hosted hosted, byte[] body) {
        try {
            return hosted.codec.readRequest(body, 0, body.length);
        } catch (MessageException e) {
            throw new RequestRejected(Code.INVALID_ARGUMENT, e.sentence());
        }
    }

    private static ServiceResponse<?> answer(Hosted hosted, Call call) throws InterruptedException {
        try {
            return hosted.host.handler().handle(call);
        } catch (RuntimeException e) {
            LOGGER.log(System.Logger.Level.ERROR, "The pipeline failed for " + call.path(), Secrets.mask(e));
            return ServiceResponse.failed(Code.INTERNAL, "internal error in " + call.path());
        }
    }

    private void reply(Hosted hosted, ServiceResponse<?> answer, ServerResponse response) {
        if (draining) {
            response.header(HeaderValues.CONNECTION_CLOSE);
        }
        switch (answer) {
            case ServiceResponse.Ok<?>(var value, var _, var _) -> {
                var body = new OutputBuffer();
                try {
                    hosted.codec.writeResponse(value, body);
                } catch (MessageException e) {
                    LOGGER.log(System.Logger.Level.ERROR, e.sentence());
                    Replies.fault(response, Fault.of(Code.INTERNAL, e.sentence()));
                    return;
                }
                Replies.result(response, body);
            }
            case ServiceResponse.Failed<?>(var fault, var _) -> Replies.fault(response, fault);
        }
    }

    private RequestRejected unknown(String path) {
        int slash = path.indexOf('/', 1);
        String name = slash < 0 ? path.substring(1) : path.substring(1, slash);
        if (withdrawn.contains(name)) {
            return new RequestRejected(Code.UNAVAILABLE, name + " is no longer served here: call another instance");
        }
        HostedService service = services.get(name);
        if (service == null) {
            return new RequestRejected(
                    Code.UNIMPLEMENTED,
                    "no service \"" + MessageReader.echo(name) + "\" is served here; there "
                            + (services.isEmpty() ? "is none" : "is " + String.join(", ", services.keySet())));
        }
        String operation = slash < 0 ? "" : path.substring(slash + 1);
        List<String> known =
                service.contract().operations().stream().map(Operation::name).toList();
        return new RequestRejected(
                Code.UNIMPLEMENTED,
                name + " has no operation \"" + MessageReader.echo(operation) + "\"; it has "
                        + String.join(", ", known));
    }

    /** Reads the body of a request, within that time and the timeout of an idle connection. */
    private byte[] body(ServerRequest request, ServerResponse response, Connection connection, Duration within) {
        int limit = options.bodyBytesMax();
        long length = request.headers().contentLength().orElse(-1);
        if (length > limit) {
            throw tooLarge(response, limit);
        }
        if (!request.content().hasEntity()) {
            return new byte[0];
        }
        byte[] body;
        connection.awaitingClient(time.nanoTime()
                + Math.min(within.toNanos(), options.idleTimeout().toNanos()));
        try (InputStream in = request.content().inputStream()) {
            body = read(in, (int) length, limit);
        } catch (IOException e) {
            throw new CloseConnectionException("the client closed the connection", e);
        } finally {
            connection.awaitingClient();
        }
        if (body.length > limit) {
            throw tooLarge(response, limit);
        }
        return body;
    }

    private static byte[] read(InputStream in, int length, int limit) throws IOException {
        if (length < 0 || length > PREALLOCATED_BYTES_MAX) {
            return in.readNBytes(length < 0 ? limit + 1 : length);
        }
        byte[] body = new byte[length]; // the exact size: a growing buffer would be larger
        int read = in.readNBytes(body, 0, length);
        return read == length ? body : Arrays.copyOf(body, read);
    }

    private static RequestRejected tooLarge(ServerResponse response, int limit) {
        response.header(HeaderValues.CONNECTION_CLOSE); // so that the rest need not be read
        return new RequestRejected(
                Code.RESOURCE_EXHAUSTED, "the request is larger than the limit of " + limit + " bytes");
    }

    private void page(String path, ServerRequest request, ServerResponse response) {
        Method method = request.prologue().method();
        if (!method.equals(Method.GET)) {
            Replies.methodNotAllowed(response, false);
            return;
        }
        Page page = pages.get(path);
        if (page != null) {
            response.header(HeaderNames.CONTENT_TYPE, page.contentType);
            response.send(page.body.get());
        } else if (path.equals(HEALTH)) {
            health(response);
        } else if (path.startsWith(HEALTH + "/") && services.containsKey(path.substring(HEALTH.length() + 1))) {
            health(response, path.substring(HEALTH.length() + 1));
        } else {
            Replies.fault(response, Fault.unreached(Code.NOT_FOUND, "there is no page " + MessageReader.echo(path)));
        }
    }

    private void health(ServerResponse response, String service) {
        HostedService hosted = services.get(service);
        ServiceHealth health = hosted == null ? overall(Map.of()) : healthOf(hosted);
        response.status(health.status().takesCalls() ? Status.OK_200 : Status.SERVICE_UNAVAILABLE_503);
        Replies.json(response, Replies.health(health));
    }

    private void health(ServerResponse response) {
        var each = new TreeMap<String, ServiceHealth>();
        services.forEach((name, service) -> each.put(name, healthOf(service)));
        ServiceHealth overall = overall(each);
        var map = Replies.health(overall);
        var parts = new LinkedHashMap<String, Object>();
        each.forEach((name, health) -> parts.put(name, Replies.health(health)));
        map.put("services", parts);
        response.status(overall.status().takesCalls() ? Status.OK_200 : Status.SERVICE_UNAVAILABLE_503);
        Replies.json(response, map);
    }

    private ServiceHealth healthOf(HostedService service) {
        if (draining) {
            return ServiceHealth.of(ServiceHealth.Status.DRAINING, time.instant());
        }
        try {
            return service.health().get();
        } catch (RuntimeException e) {
            LOGGER.log(
                    System.Logger.Level.ERROR,
                    "The health of " + service.contract().name() + " could not be determined",
                    Secrets.mask(e));
            return new ServiceHealth(
                    ServiceHealth.Status.CRITICAL, "its health could not be determined", time.instant(), Map.of());
        }
    }

    /** The health of the server as a whole: that of the service with the worst status. */
    private ServiceHealth overall(Map<String, ServiceHealth> each) {
        String worstName = null;
        ServiceHealth.Status worst = draining ? ServiceHealth.Status.DRAINING : ServiceHealth.Status.PASSING;
        for (Map.Entry<String, ServiceHealth> one : each.entrySet()) {
            if (rank(one.getValue().status()) > rank(worst)) {
                worst = one.getValue().status();
                worstName = one.getKey();
            }
        }
        String message = worstName == null ? "" : worstName + ": " + message(each.get(worstName));
        return new ServiceHealth(worst, message, time.instant(), Map.of());
    }

    private static String message(@Nullable ServiceHealth health) {
        return health == null || health.message().isEmpty() ? "no reason given" : health.message();
    }

    private static int rank(ServiceHealth.Status status) {
        return switch (status) {
            case PASSING -> 0;
            case UNKNOWN -> 1;
            case WARNING -> 2;
            case DRAINING -> 3;
            case CRITICAL -> 4;
        };
    }

    /**
     * {@inheritDoc}
     *
     * <p>Connections stay open until no call has arrived for {@link #QUIET}: if a connection is closed while a request
     * is being sent, the client does not know whether it ran; after a rejection it does.
     */
    @Override
    public void drain(Duration timeout) {
        lastCallNanos = time.nanoTime();
        draining = true;
        long end = lastCallNanos + timeout.toNanos();
        try {
            for (long left; (left = end - time.nanoTime()) > 0; ) {
                long quiet = lastCallNanos + QUIET.toNanos() - time.nanoTime();
                if (inFlight.get() == 0 && quiet <= 0) {
                    break;
                }
                time.sleep(Math.min(left, Math.max(quiet, DRAIN_INTERVAL.toNanos())));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        close();
    }

    @Override
    public void close() {
        lock.lock();
        try {
            if (closed) {
                return;
            }
            closed = true;
        } finally {
            lock.unlock();
        }
        draining = true;
        server.stop();
        connections.close();
    }
}
