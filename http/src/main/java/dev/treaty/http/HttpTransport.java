package dev.treaty.http;

import dev.treaty.core.call.Transport;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.time.Time;
import dev.treaty.http.client.ByteChannel;
import dev.treaty.http.client.ConnectionPool;
import dev.treaty.http.client.EncodedOperation;
import dev.treaty.http.client.HttpConnection;
import dev.treaty.http.client.SocketByteChannel;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Calls over HTTP/1.1 in the Connect protocol, with one pool of connections per endpoint. Calls block their thread,
 * which is meant to be virtual; a call ends at its deadline or when its thread is interrupted, whichever kind of
 * thread it is.
 *
 * <p>Whether a failed request may have run is told truthfully: see {@link dev.treaty.core.call.Fault#reached()}. An
 * idle connection that died is replaced unnoticed. Where it dies while a request is on its way and nothing comes back,
 * an idempotent operation is sent once more on a new connection; any other cannot know and fails.
 */
public final class HttpTransport implements Transport {
    private final HttpTransportOptions options;
    private final Time time;
    private final ByteChannel.Source wires;
    private final EncodedOperation.Table routes = new EncodedOperation.Table();
    private final Set<HttpConnection> open = ConcurrentHashMap.newKeySet();

    /** A transport with the {@linkplain HttpTransportOptions#STANDARD standard} limits. */
    public HttpTransport(Time time) {
        this(HttpTransportOptions.STANDARD, time);
    }

    /** A transport with those limits. */
    public HttpTransport(HttpTransportOptions options, Time time) {
        this(options, time, (endpoint, deadline) -> SocketByteChannel.open(endpoint, deadline, time));
    }

    HttpTransport(HttpTransportOptions options, Time time, ByteChannel.Source wires) {
        this.options = options;
        this.time = time;
        this.wires = wires;
    }

    @Override
    public Connection connect(ServiceEndpoint endpoint) {
        var pool = new ConnectionPool(options, time);
        var connection = new HttpConnection(endpoint, pool, options, routes, wires, time, open::remove);
        open.add(connection);
        return connection;
    }

    @Override
    public void close() {
        for (HttpConnection connection : open) {
            connection.abort();
        }
    }
}
