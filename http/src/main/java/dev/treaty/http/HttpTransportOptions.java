package dev.treaty.http;

import java.time.Duration;

/**
 * The limits of an {@link HttpTransport}.
 *
 * @param connectionsMax the most connections to one endpoint; further calls wait for one until their deadlines
 * @param idleMax the most connections to one endpoint that are kept while nobody uses them
 * @param idleLifetime how long an idle connection is kept; keep it shorter than the server's idle timeout, so that
 *     the server is never the one who closes
 * @param connectTimeout the longest that connecting may take, where the deadline does not come first
 * @param responseBytesMax the largest response body, in bytes
 */
public record HttpTransportOptions(
        int connectionsMax, int idleMax, Duration idleLifetime, Duration connectTimeout, int responseBytesMax) {
    /** 256 connections, 128 of them idle for 30 seconds, 2 seconds to connect, 4 MiB. */
    public static final HttpTransportOptions STANDARD =
            new HttpTransportOptions(256, 128, Duration.ofSeconds(30), Duration.ofSeconds(2), 4 << 20);

    /** @throws IllegalArgumentException where a limit makes no sense; the message names it */
    public HttpTransportOptions {
        check(connectionsMax >= 1, "connectionsMax must be at least 1, not " + connectionsMax);
        check(idleMax >= 0, "idleMax must not be negative, and is " + idleMax);
        check(idleLifetime.isPositive(), "idleLifetime must be longer than nothing, and is " + idleLifetime);
        check(connectTimeout.isPositive(), "connectTimeout must be longer than nothing, and is " + connectTimeout);
        check(responseBytesMax >= 1, "responseBytesMax must be at least 1, not " + responseBytesMax);
    }

    private static void check(boolean holds, String message) {
        if (!holds) {
            throw new IllegalArgumentException(message);
        }
    }
}
