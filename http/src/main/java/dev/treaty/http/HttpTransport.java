package dev.treaty.http;

import dev.treaty.core.call.Transport;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.time.Time;
import dev.treaty.core.timeout.Watchdog;
import dev.treaty.http.client.ByteChannel;
import dev.treaty.http.client.EncodedOperation;
import dev.treaty.http.client.HttpConnection;
import dev.treaty.http.client.SocketByteChannel;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Sends calls over HTTP/1.1 in the Connect protocol, with one connection pool for each endpoint. Calls block their
 * thread, which should be virtual; a call ends at its deadline or when its thread is interrupted, on any kind of
 * thread.
 *
 * <p>A fault states whether the request may have run: see {@link dev.treaty.core.call.Fault#reached()}. An idle
 * connection that the server has closed is replaced. Each request is sent once: if the server closes an idle connection
 * while a request is being sent, the call fails, and may have run.
 */
public final class HttpTransport implements Transport {
    private final HttpTransportOptions options;
    private final Time time;
    private final ByteChannel.Source channels;
    private final EncodedOperation.Table operations = new EncodedOperation.Table();
    private final Set<HttpConnection> open = ConcurrentHashMap.newKeySet();

    /** A transport with the {@linkplain HttpTransportOptions#STANDARD standard} limits. */
    public HttpTransport(Time time) {
        this(HttpTransportOptions.STANDARD, time);
    }

    /** A transport with those limits. */
    public HttpTransport(HttpTransportOptions options, Time time) {
        this(options, time, sockets(time));
    }

    private static ByteChannel.Source sockets(Time time) {
        Watchdog watchdog = Watchdog.of(time);
        return (endpoint, deadline) -> SocketByteChannel.open(endpoint, deadline, time, watchdog);
    }

    HttpTransport(HttpTransportOptions options, Time time, ByteChannel.Source channels) {
        this.options = options;
        this.time = time;
        this.channels = channels;
    }

    @Override
    public Connection connect(ServiceEndpoint endpoint) {
        var connection = new HttpConnection(endpoint, options, operations, channels, time, open::remove);
        open.add(connection);
        return connection;
    }

    @Override
    public void close() {
        open.forEach(HttpConnection::abort);
    }
}
