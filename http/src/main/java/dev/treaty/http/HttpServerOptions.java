package dev.treaty.http;

import java.time.Duration;

/**
 * The address and the limits of an {@link HttpServer}.
 *
 * @param host the address to listen on; a wildcard such as {@code 0.0.0.0} listens on all addresses
 * @param port the port, or 0 for any free one
 * @param bodyBytesMax the maximum size of a request body, in bytes
 * @param headerBytesMax the maximum size of a request line, and of all headers together, in bytes
 * @param connectionsMax the maximum number of connections; further ones wait in the backlog
 * @param idleTimeout how long a connection may be idle; longer than clients keep theirs, so that they close first. It
 *     also limits the time to send a request, unless the deadline is earlier, and to receive the response
 */
public record HttpServerOptions(
        String host, int port, int bodyBytesMax, int headerBytesMax, int connectionsMax, Duration idleTimeout) {
    /** Any free port of 127.0.0.1, bodies of 4 MiB, headers of 16 KiB, 10,000 connections, idle for two minutes. */
    public static final HttpServerOptions STANDARD =
            new HttpServerOptions("127.0.0.1", 0, 4 << 20, 16 << 10, 10_000, Duration.ofMinutes(2));

    /** @throws IllegalArgumentException if a limit is invalid; the message names it */
    public HttpServerOptions {
        check(!host.isBlank(), "host must not be empty: use 127.0.0.1 or 0.0.0.0");
        check(port >= 0 && port <= 65_535, "port must be from 0 to 65535, not " + port);
        check(bodyBytesMax >= 1, "bodyBytesMax must be at least 1, not " + bodyBytesMax);
        check(headerBytesMax >= 1_024, "headerBytesMax must be at least 1024, not " + headerBytesMax);
        check(connectionsMax >= 1, "connectionsMax must be at least 1, not " + connectionsMax);
        check(idleTimeout.isPositive(), "idleTimeout must be positive, and is " + idleTimeout);
    }

    static void check(boolean valid, String message) {
        if (!valid) {
            throw new IllegalArgumentException(message);
        }
    }

    /** Returns the same limits with another address. */
    public HttpServerOptions at(String otherHost, int otherPort) {
        return new HttpServerOptions(otherHost, otherPort, bodyBytesMax, headerBytesMax, connectionsMax, idleTimeout);
    }

    /** Returns these options with another limit on bodies. */
    public HttpServerOptions bodyBytesMax(int bytes) {
        return new HttpServerOptions(host, port, bytes, headerBytesMax, connectionsMax, idleTimeout);
    }
}
