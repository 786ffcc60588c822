package dev.treaty.http;

import dev.treaty.codec.JsonCodec;
import dev.treaty.codec.json.MessageReader;
import dev.treaty.core.call.CallContext;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.HostedService;
import dev.treaty.core.call.Principal;
import dev.treaty.core.call.Server;
import dev.treaty.core.contract.Operation;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.security.AccessControl;
import dev.treaty.core.security.Authentication;
import dev.treaty.core.security.TransportSecurity;
import dev.treaty.core.text.AddressRange;
import dev.treaty.core.text.Secrets;
import dev.treaty.core.time.Time;
import dev.treaty.http.server.Action;
import dev.treaty.http.server.Application;
import dev.treaty.http.server.BrowserRequests;
import dev.treaty.http.server.HealthPages;
import dev.treaty.http.server.Listener;
import dev.treaty.http.server.Request;
import dev.treaty.http.server.RequestCredentials;
import dev.treaty.http.server.RequestHead;
import dev.treaty.http.server.RequestRejected;
import dev.treaty.http.server.Response;
import dev.treaty.http.server.Responses;
import dev.treaty.http.server.ServiceCall;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
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
 * Hosts services over HTTP/1.1 and HTTP/2 in the Connect protocol, each call on a virtual thread. {@code POST
 * /shop.Orders/get} with a JSON body calls an operation; {@code GET /-/health} returns the health of all services,
 * {@code GET /-/health/shop.Orders} that of one.
 *
 * <p>If a request is rejected before it could have run, the response has the header {@code Treaty-Reached: no}, so that
 * clients can safely retry at another instance. At its deadline a call is answered, and its handler interrupted; so it
 * is when the client leaves.
 *
 * <p>On loopback, pages, raw handlers and services whose names begin with {@code treaty.} reject requests of other
 * origins and for other hosts (HTTP status 403), which a page in a browser could send; {@code /-/health} does not.
 */
public final class HttpServer implements Server {
    private static final System.Logger LOGGER = System.getLogger(HttpServer.class.getName());

    /** The time to complete responses when the server closes. */
    private static final Duration CLOSE_GRACE = Duration.ofMillis(200);

    private static final String HEALTH = "/-/health";

    /** What the paths of Treaty's own services begin with, such as those of the registry. */
    private static final String OWN = "/treaty.";

    /** The time without calls before a draining server closes its connections. */
    static final Duration QUIET = Duration.ofMillis(500);

    /** The interval at which a draining server checks whether calls have ended. */
    private static final Duration DRAIN_INTERVAL = Duration.ofMillis(10);

    private final AccessControl access;
    private final Time time;
    private final RandomGenerator random;
    private final Listener listener;
    private final ServiceEndpoint endpoint;
    private final BrowserRequests browsers;
    private final HealthPages health;
    private final HttpServerOptions options;

    private final ReentrantLock lock = new ReentrantLock();
    private volatile Map<String, ServiceCall.Target> operations = Map.of();
    private volatile Map<String, HostedService> services = Map.of();
    private volatile Set<String> withdrawn = Set.of();
    private volatile Map<String, Page> pages = Map.of();
    private volatile Map<String, RawHandler> rawHandlers = Map.of();

    private final AtomicInteger inFlight = new AtomicInteger();
    private volatile long lastCallNanos;
    private volatile boolean draining;
    private boolean closed;

    private record Page(String contentType, Supplier<byte[]> body) {}

    /**
     * Starts a server without services and without security.
     *
     * @throws UncheckedIOException if it cannot listen on the address
     */
    public HttpServer(HttpServerOptions options, Time time, RandomGenerator random) {
        this(options, null, AccessControl.OFF, time, random);
    }

    /**
     * Starts a server without services.
     *
     * @param tls the certificate of this process, and whom it trusts: then connections are encrypted, and others
     *     refused. Null for unencrypted ones
     * @param access who calls, and what a caller may do
     * @throws UncheckedIOException if it cannot listen on the address
     */
    public HttpServer(
            HttpServerOptions options,
            @Nullable TransportSecurity tls,
            AccessControl access,
            Time time,
            RandomGenerator random) {
        this.access = access;
        this.time = time;
        this.random = random;
        this.browsers = new BrowserRequests(options.host());
        this.options = options;
        this.listener = new Listener(options, tls, new Requests(), time, random);
        this.health = new HealthPages(() -> draining, listener::accepting, time);
        this.endpoint =
                new ServiceEndpoint(tls == null ? "http" : "https", reachableHost(options.host()), listener.listen());
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
    public void reconfigure(int bodyBytesMax, Set<String> origins, List<AddressRange> trustedProxies) {
        listener.reconfigure(options.bodyBytesMax(bodyBytesMax).origins(origins).trustedProxies(trustedProxies));
    }

    @Override
    public void host(HostedService service) {
        ServiceContract contract = service.contract();
        ServiceName name = contract.name();
        var added = new HashMap<String, ServiceCall.Target>();
        for (Operation operation : contract.operations()) {
            added.put(
                    "/" + name + "/" + operation.name(),
                    new ServiceCall.Target(service, operation, new JsonCodec(name, operation)));
        }
        lock.lock();
        try {
            if (closed || draining) {
                throw new IllegalStateException("the server at " + endpoint + " is closed");
            }
            var all = new HashMap<>(operations);
            all.values().removeIf(target -> target.service().contract().name().equals(name));
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
            all.values().removeIf(target -> target.service().contract().name().equals(service));
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

    private Map.@Nullable Entry<String, RawHandler> rawHandler(String path) {
        for (Map.Entry<String, RawHandler> each : rawHandlers.entrySet()) {
            if (path.startsWith(each.getKey())) {
                return each;
            }
        }
        return null;
    }

    /** Decides what is done with each request. */
    private final class Requests implements Application {
        @Override
        public boolean draining() {
            return draining;
        }

        @Override
        public @Nullable Authentication authenticate(Request request) {
            if (!access.enforced()) {
                return null;
            }
            ServiceCall.Target target = operations.get(request.path());
            if (target != null) {
                rejectIf(target.service().gate().refuseAll());
            }
            return access.authenticate(RequestCredentials.of(request, rawHandler(request.path()) != null));
        }

        @Override
        public Action accept(Request request, @Nullable Principal caller, int bodyBytesMax) {
            String path = request.path();
            if (request.target().equals("*")) {
                return _ -> new Response(200, Map.of("Allow", "GET, POST"), new byte[0]);
            }
            if (request.method().equals("HEAD")) {
                throw Responses.methodNotAllowed("GET, POST", "HEAD is not supported");
            }
            Map.Entry<String, RawHandler> handler = rawHandler(path);
            if (handler != null || (path.startsWith("/-/") && !path.startsWith(HEALTH)) || path.startsWith(OWN)) {
                browsers.check(request.headers());
            }
            if (path.startsWith("/-/")) {
                return page(path, caller, request.method());
            }
            if (draining) {
                lastCallNanos = time.nanoTime();
            }
            return handler != null ? raw(handler, caller, request) : call(path, caller, request, bodyBytesMax);
        }
    }

    private static void rejectIf(@Nullable Fault refusal) {
        if (refusal != null) {
            throw new RequestRejected(refusal);
        }
    }

    /**
     * Rejects a request of a caller that may not do this.
     *
     * @param caller null if security is off
     */
    private void permit(@Nullable Principal caller, String resource, String action) {
        if (caller == null || access.authorize(caller, resource, action).allowed()) {
            return;
        }
        identify(caller);
        throw new RequestRejected(Fault.unreached(
                        Code.PERMISSION_DENIED,
                        MessageReader.echo(caller.name()) + " may not call " + MessageReader.echo(resource) + "/"
                                + MessageReader.echo(action))
                .notRetryable());
    }

    /** Rejects a request of a caller that is anonymous, although security is on. */
    private static void identify(@Nullable Principal caller) {
        if (caller != null && !caller.authenticated()) {
            throw new RequestRejected(Authentication.MISSING);
        }
    }

    private Action call(String path, @Nullable Principal caller, Request request, int bodyBytesMax) {
        if (draining) {
            throw new RequestRejected(Code.UNAVAILABLE, "the server is shutting down: call another instance");
        }
        ServiceCall.Target target = operations.get(path);
        if (target == null) {
            identify(caller);
            throw unknown(path, caller != null);
        }
        if (caller != null) {
            HostedService service = target.service();
            rejectIf(service.gate().refuse(caller));
            permit(caller, service.contract().name().value(), target.operation().name());
        }
        if (!request.method().equals("POST")) {
            throw Responses.methodNotAllowed("POST", "operations are called with POST");
        }
        RequestHead.check(request.headers());
        CallContext context = RequestHead.context(request, caller, time, random);
        inFlight.incrementAndGet();
        return new ServiceCall(target, context, request, bodyBytesMax, inFlight::decrementAndGet);
    }

    private Action raw(Map.Entry<String, RawHandler> handler, @Nullable Principal caller, Request request) {
        permit(caller, handler.getKey(), request.method().toLowerCase(Locale.ROOT));
        Principal sender = caller == null ? RequestHead.claimed(request.headers()) : caller;
        String path;
        Map<String, List<String>> query;
        try {
            path = request.decodedPath();
            query = request.query();
        } catch (IllegalArgumentException e) {
            throw new RequestRejected(Code.INVALID_ARGUMENT, "the target of the request is not well-formed");
        }
        inFlight.incrementAndGet();
        return new Action() {
            @Override
            public Response run(byte[] body) throws InterruptedException {
                var answer =
                        answer(handler.getValue(), new RawHandler.Request(request.method(), path, query, body, sender));
                var headers = new LinkedHashMap<>(answer.headers());
                headers.put("Content-Type", answer.contentType());
                return new Response(answer.status(), headers, answer.body());
            }

            @Override
            public void ended() {
                inFlight.decrementAndGet();
            }
        };
    }

    private static RawHandler.Answer answer(RawHandler handler, RawHandler.Request request)
            throws InterruptedException {
        try {
            return handler.answer(request);
        } catch (RuntimeException e) {
            String path = MessageReader.echo(request.path());
            LOGGER.log(System.Logger.Level.ERROR, "The handler failed for " + path, Secrets.mask(e));
            return RawHandler.Answer.text(500, "internal error");
        }
    }

    /** @param brief whether it does not say what is served */
    private RequestRejected unknown(String path, boolean brief) {
        int slash = path.indexOf('/', 1);
        String name = slash < 0 ? path.substring(1) : path.substring(1, slash);
        if (withdrawn.contains(name)) {
            return new RequestRejected(Code.UNAVAILABLE, name + " is no longer served here: call another instance");
        }
        HostedService service = services.get(name);
        if (service == null) {
            return new RequestRejected(
                    404,
                    Code.UNIMPLEMENTED,
                    "no service \"" + MessageReader.echo(name) + "\" is served here"
                            + (brief ? "" : "; there is " + served()));
        }
        String operation = slash < 0 ? "" : path.substring(slash + 1);
        List<String> known =
                service.contract().operations().stream().map(Operation::name).toList();
        return new RequestRejected(
                404,
                Code.UNIMPLEMENTED,
                name + " has no operation \"" + MessageReader.echo(operation) + "\""
                        + (brief ? "" : "; it has " + String.join(", ", known)));
    }

    private String served() {
        return services.isEmpty() ? "none" : String.join(", ", services.keySet());
    }

    private Action page(String path, @Nullable Principal caller, String method) {
        boolean open = path.equals(HEALTH) || path.startsWith(HEALTH + "/");
        if (!open) {
            permit(caller, path, method.toLowerCase(Locale.ROOT));
        }
        if (!method.equals("GET")) {
            throw Responses.methodNotAllowed("GET", "this page is read with GET");
        }
        Page page = pages.get(path);
        if (page != null) {
            return _ -> new Response(200, Map.of("Content-Type", page.contentType), page.body.get());
        }
        boolean details =
                caller == null || access.authorize(caller, HEALTH, "get").allowed();
        if (path.equals(HEALTH)) {
            return _ -> health.of(services, details);
        }
        HostedService service =
                path.startsWith(HEALTH + "/") ? services.get(path.substring(HEALTH.length() + 1)) : null;
        if (service != null) {
            return _ -> health.of(service, details);
        }
        throw new RequestRejected(Code.NOT_FOUND, "there is no page " + MessageReader.echo(path));
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
        listener.drain();
        awaitCalls(timeout, QUIET);
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
        lastCallNanos = time.nanoTime();
        draining = true;
        listener.stopAccepting();
        awaitCalls(CLOSE_GRACE, Duration.ZERO);
        listener.close();
    }

    /** Waits until no call runs and none has arrived for a time, at most until a time is over. */
    private void awaitCalls(Duration most, Duration quiet) {
        long end = time.nanoTime() + most.toNanos();
        try {
            for (long left; (left = end - time.nanoTime()) > 0; ) {
                long loud = lastCallNanos + quiet.toNanos() - time.nanoTime();
                if (inFlight.get() == 0 && loud <= 0) {
                    return;
                }
                time.sleep(Math.min(left, Math.max(loud, DRAIN_INTERVAL.toNanos())));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
