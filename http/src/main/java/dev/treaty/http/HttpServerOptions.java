package dev.treaty.http;

import java.time.Duration;

/**
 * Where an {@link HttpServer} listens, and its limits.
 *
 * @param host the address to listen at; a wildcard such as {@code 0.0.0.0} listens at all of them
 * @param port the port, or 0 for any free one
 * @param bodyBytesMax the largest request body, in bytes
 * @param headerBytesMax the largest request line, and the largest headers together, in bytes
 * @param connectionsMax the most connections at a time; further ones wait in the backlog
 * @param idleTimeout how long a connection may be idle; longer than clients keep theirs, so that they close first. A
 *     client may take as long to send a request, unless its deadline is earlier, and to take the answer
 */
public record HttpServerOptions(
        String host, int port, int bodyBytesMax, int headerBytesMax, int connectionsMax, Duration idleTimeout) {
    /** Any free port of 127.0.0.1, bodies of 4 MiB, headers of 16 KiB, 10 000 connections, idle for two minutes. */
    public static final HttpServerOptions STANDARD =
            new HttpServerOptions("127.0.0.1", 0, 4 << 20, 16 << 10, 10_000, Duration.ofMinutes(2));

    /** @throws IllegalArgumentException where a limit makes no sense; the message names it */
    public HttpServerOptions {
        check(!host.isBlank(), "host must not be empty: use 127.0.0.1 or 0.0.0.0");
        check(port >= 0 && port <= 65_535, "port must be from 0 to 65535, not " + port);
        check(bodyBytesMax >= 1, "bodyBytesMax must be at least 1, not " + bodyBytesMax);
        check(headerBytesMax >= 1_024, "headerBytesMax must be at least 1024, not " + headerBytesMax);
        check(connectionsMax >= 1, "connectionsMax must be at least 1, not " + connectionsMax);
        check(idleTimeout.isPositive(), "idleTimeout must be longer than nothing, and is " + idleTimeout);
    }

    private static void check(boolean holds, String message) {
        if (!holds) {
            throw new IllegalArgumentException(message);
        }
    }

    /** The same limits at another address. */
    public HttpServerOptions at(String otherHost, int otherPort) {
        return new HttpServerOptions(otherHost, otherPort, bodyBytesMax, headerBytesMax, connectionsMax, idleTimeout);
    }

    /** The same with another limit on bodies. */
    public HttpServerOptions bodyBytesMax(int bytes) {
        return new HttpServerOptions(host, port, bytes, headerBytesMax, connectionsMax, idleTimeout);
    }
}
