package dev.treaty.http;

import dev.treaty.core.text.AddressRange;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Set;

/**
 * The address and the limits of an {@link HttpServer}.
 *
 * @param host the address to listen on; a wildcard such as {@code 0.0.0.0} listens on all addresses
 * @param port the port, or 0 for any free one
 * @param bodyBytesMax the maximum size of a request body, in bytes
 * @param bodiesBytesMax the maximum size of all request bodies that the server holds at a time, in bytes. An eighth of
 *     it is reserved for bodies of at most 64 KiB, so that large ones do not keep small ones out
 * @param headerBytesMax the maximum size of a request line, and of all headers together, in bytes
 * @param connectionsMax the maximum number of connections; requests of further ones are rejected
 * @param streamsMax the maximum number of concurrent requests of one HTTP/2 connection
 * @param requestTimeout how long a client may take to send a request, unless the deadline of the call is earlier
 * @param idleTimeout how long a connection may be idle; longer than clients keep theirs, so that they close first. It
 *     also limits the time to receive a response
 * @param connectionAgeMax how long a connection is used; after its next response, up to a tenth earlier, it is closed,
 *     so that clients spread over new servers
 * @param origins the origins of pages in browsers that may call services, such as {@code https://shop.example} (CORS)
 * @param trustedProxies the peers whose headers and PROXY protocol state the addresses of clients
 */
public record HttpServerOptions(
        String host,
        int port,
        int bodyBytesMax,
        long bodiesBytesMax,
        int headerBytesMax,
        int connectionsMax,
        int streamsMax,
        Duration requestTimeout,
        Duration idleTimeout,
        Duration connectionAgeMax,
        Set<String> origins,
        List<AddressRange> trustedProxies) {
    /**
     * Any free port of 127.0.0.1; bodies of 4 MiB, all together of a quarter of the heap; headers of 16 KiB; 10,000
     * connections with 100 streams; half a minute to send a request; idle for two minutes; used for an hour.
     */
    public static final HttpServerOptions STANDARD = new HttpServerOptions(
            "127.0.0.1",
            0,
            4 << 20,
            Runtime.getRuntime().maxMemory() / 4,
            16 << 10,
            10_000,
            100,
            Duration.ofSeconds(30),
            Duration.ofMinutes(2),
            Duration.ofHours(1),
            Set.of(),
            List.of());

    /** @throws IllegalArgumentException if a limit is invalid; the message names it */
    public HttpServerOptions {
        check(!host.isBlank(), "host must not be empty: use 127.0.0.1 or 0.0.0.0");
        check(port >= 0 && port <= 65_535, "port must be from 0 to 65535, not " + port);
        check(bodyBytesMax >= 1, "bodyBytesMax must be at least 1, not " + bodyBytesMax);
        check(bodiesBytesMax >= 1, "bodiesBytesMax must be at least 1, not " + bodiesBytesMax);
        check(headerBytesMax >= 1_024, "headerBytesMax must be at least 1024, not " + headerBytesMax);
        check(connectionsMax >= 1, "connectionsMax must be at least 1, not " + connectionsMax);
        check(streamsMax >= 1, "streamsMax must be at least 1, not " + streamsMax);
        check(requestTimeout.isPositive(), "requestTimeout must be positive, and is " + requestTimeout);
        check(idleTimeout.isPositive(), "idleTimeout must be positive, and is " + idleTimeout);
        origins = Set.copyOf(origins);
        trustedProxies = List.copyOf(trustedProxies);
        check(connectionAgeMax.isPositive(), "connectionAgeMax must be positive, and is " + connectionAgeMax);
    }

    static void check(boolean valid, String message) {
        if (!valid) {
            throw new IllegalArgumentException(message);
        }
    }

    /** Returns the same limits with another address. */
    public HttpServerOptions at(String otherHost, int otherPort) {
        return with(
                otherHost,
                otherPort,
                bodyBytesMax,
                bodiesBytesMax,
                connectionsMax,
                connectionAgeMax,
                origins,
                trustedProxies);
    }

    /** Returns these options with other limits on one body and on all bodies. */
    public HttpServerOptions bodies(int bytesMax, long allBytesMax) {
        return with(host, port, bytesMax, allBytesMax, connectionsMax, connectionAgeMax, origins, trustedProxies);
    }

    /** Returns these options with another limit on one body. */
    public HttpServerOptions bodyBytesMax(int bytes) {
        return bodies(bytes, bodiesBytesMax);
    }

    /** Returns these options with another number of connections, and another age of them. */
    public HttpServerOptions connections(int most, Duration ageMax) {
        return with(host, port, bodyBytesMax, bodiesBytesMax, most, ageMax, origins, trustedProxies);
    }

    /** Returns these options with other origins of pages that may call services. */
    public HttpServerOptions origins(Collection<String> others) {
        return with(
                host,
                port,
                bodyBytesMax,
                bodiesBytesMax,
                connectionsMax,
                connectionAgeMax,
                Set.copyOf(others),
                trustedProxies);
    }

    /** Returns these options with other trusted proxies. */
    public HttpServerOptions trustedProxies(List<AddressRange> others) {
        return with(host, port, bodyBytesMax, bodiesBytesMax, connectionsMax, connectionAgeMax, origins, others);
    }

    /** Returns these options with other timeouts. */
    public HttpServerOptions timeouts(Duration request, Duration idle) {
        return new HttpServerOptions(
                host,
                port,
                bodyBytesMax,
                bodiesBytesMax,
                headerBytesMax,
                connectionsMax,
                streamsMax,
                request,
                idle,
                connectionAgeMax,
                origins,
                trustedProxies);
    }

    private HttpServerOptions with(
            String otherHost,
            int otherPort,
            int bytesMax,
            long allBytesMax,
            int most,
            Duration ageMax,
            Set<String> pages,
            List<AddressRange> proxies) {
        return new HttpServerOptions(
                otherHost,
                otherPort,
                bytesMax,
                allBytesMax,
                headerBytesMax,
                most,
                streamsMax,
                requestTimeout,
                idleTimeout,
                ageMax,
                pages,
                proxies);
    }
}
