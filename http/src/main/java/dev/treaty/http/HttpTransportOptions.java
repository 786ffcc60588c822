package dev.treaty.http;

import java.time.Duration;

/**
 * The limits of an {@link HttpTransport}.
 *
 * @param connectionsMax the maximum number of connections to one endpoint; further calls wait for one until their
 *     deadlines
 * @param idleMax the maximum number of idle connections to one endpoint
 * @param idleLifetime how long an idle connection is kept; shorter than the server's idle timeout, so that the client
 *     closes first
 * @param connectTimeout the maximum time to connect, within the deadline
 * @param responseBytesMax the maximum size of a response body, in bytes
 */
public record HttpTransportOptions(
        int connectionsMax, int idleMax, Duration idleLifetime, Duration connectTimeout, int responseBytesMax) {
    /** 256 connections, 128 idle connections for 30 seconds, 2 seconds to connect, 4 MiB. */
    public static final HttpTransportOptions STANDARD =
            new HttpTransportOptions(256, 128, Duration.ofSeconds(30), Duration.ofSeconds(2), 4 << 20);

    /** @throws IllegalArgumentException if a limit is invalid; the message names it */
    public HttpTransportOptions {
        HttpServerOptions.check(connectionsMax >= 1, "connectionsMax must be at least 1, not " + connectionsMax);
        HttpServerOptions.check(idleMax >= 0, "idleMax must not be negative, and is " + idleMax);
        HttpServerOptions.check(idleLifetime.isPositive(), "idleLifetime must be positive, and is " + idleLifetime);
        HttpServerOptions.check(
                connectTimeout.isPositive(), "connectTimeout must be positive, and is " + connectTimeout);
        HttpServerOptions.check(responseBytesMax >= 1, "responseBytesMax must be at least 1, not " + responseBytesMax);
    }
}
