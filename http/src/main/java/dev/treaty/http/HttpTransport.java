package dev.treaty.http;

import dev.treaty.core.call.Transport;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.security.TokenSource;
import dev.treaty.core.security.TransportSecurity;
import dev.treaty.core.text.AddressRange;
import dev.treaty.core.time.Time;
import dev.treaty.core.timeout.Watchdog;
import dev.treaty.http.client.ByteChannel;
import dev.treaty.http.client.Channels;
import dev.treaty.http.client.EncodedOperation;
import dev.treaty.http.client.HttpConnection;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Sends calls over HTTP/1.1 in the Connect protocol, with one connection pool for each endpoint. Calls block their
 * thread, which should be virtual; a call ends at its deadline or when its thread is interrupted, on any kind of
 * thread.
 *
 * <p>A fault states whether the request may have run: see {@link dev.treaty.core.call.Fault#reached()}. An idle
 * connection that the server has closed is replaced. Each request is sent once: if the server closes an idle connection
 * while a request is being sent, the call fails, and may have run.
 *
 * <p>With a {@link TransportSecurity}, connections use TLS; the server has to prove that it is one of the service, and
 * again when the certificates in force have changed. Connections are replaced one by one before the certificates end. A
 * token that a server refuses before anything has run is replaced once, if the {@link TokenSource} has another one.
 */
public final class HttpTransport implements Transport {
    private final HttpTransportOptions options;
    private final @Nullable TransportSecurity tls;
    private final TokenSource tokens;
    private final Time time;
    private final Watchdog watchdog;
    private final EncodedOperation.Table operations = new EncodedOperation.Table();
    private final Set<HttpConnection> open = ConcurrentHashMap.newKeySet();

    /** A transport with the {@linkplain HttpTransportOptions#STANDARD standard} limits, without security. */
    public HttpTransport(Time time) {
        this(HttpTransportOptions.STANDARD, time);
    }

    /** A transport with those limits, without security. */
    public HttpTransport(HttpTransportOptions options, Time time) {
        this(options, null, TokenSource.NONE, time);
    }

    /**
     * A transport.
     *
     * @param tls the certificate of this process, and whom it trusts: all connections are encrypted then, and endpoints
     *     with the protocol {@code http} refused. Null for unencrypted connections, to {@code http} only
     * @param tokens what calls carry as their authorization if they have none; sent over encrypted connections, and
     *     over others only on loopback
     */
    public HttpTransport(HttpTransportOptions options, @Nullable TransportSecurity tls, TokenSource tokens, Time time) {
        this.options = options;
        this.tls = tls;
        this.tokens = tokens;
        this.time = time;
        this.watchdog = Watchdog.of(time);
    }

    @Override
    public Connection connect(ServiceEndpoint endpoint) {
        return connection(endpoint, Channels.to(null, tls, time, watchdog));
    }

    @Override
    public Connection connect(ServiceEndpoint endpoint, ServiceName service) {
        return connection(endpoint, Channels.to(service, tls, time, watchdog));
    }

    /** Returns a connection over other channels. */
    Connection connection(ServiceEndpoint endpoint, ByteChannel.Source channels) {
        TokenSource sent = tls != null || AddressRange.isLoopback(endpoint.host()) ? tokens : TokenSource.NONE;
        var connection = new HttpConnection(endpoint, options, operations, channels, sent, time, open::remove);
        open.add(connection);
        return connection;
    }

    @Override
    public void close() {
        open.forEach(HttpConnection::abort);
    }
}
