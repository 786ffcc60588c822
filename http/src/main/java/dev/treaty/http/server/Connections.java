package dev.treaty.http.server;

import dev.treaty.core.event.BackgroundThread;
import dev.treaty.core.event.Events;
import dev.treaty.core.time.Promise;
import dev.treaty.core.time.Time;
import io.helidon.common.socket.SocketOptions;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.http.ServerRequest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLongFieldUpdater;

/**
 * The connections to a server, each with a deadline for the client to send its next request, to complete a request, or
 * to receive a response. Connections past their deadline are closed; the web server itself has no such limit. New
 * connections are registered when the web server configures their sockets.
 */
public final class Connections implements SocketOptions, AutoCloseable {
    private static final System.Logger LOGGER = System.getLogger(Connections.class.getName());

    /** The maximum interval between two checks. */
    private static final Duration CHECK_INTERVAL = Duration.ofSeconds(1);

    private final Map<SocketAddress, Connection> open = new ConcurrentHashMap<>();
    private final Promise<Boolean> closed = new Promise<>();
    private final Time time;
    private final long timeoutNanos;

    /** @param timeout the deadline of a client, unless it gets another one */
    public Connections(Time time, Duration timeout) {
        this.time = time;
        this.timeoutNanos = timeout.toNanos();
    }

    /** Starts to check deadlines, until this is closed. */
    public void start() {
        BackgroundThread.virtual("treaty-http-connections", time, Events.NONE, () -> {
                    while (closed.await(time, Math.min(CHECK_INTERVAL.toNanos(), timeoutNanos)) == null) {
                        check();
                    }
                })
                .start();
    }

    /**
     * A connection with the deadline of its client. The methods are called for every request and do not read the clock:
     * the usual time starts at the next check.
     */
    public static final class Connection {
        private static final AtomicLongFieldUpdater<Connection> END =
                AtomicLongFieldUpdater.newUpdater(Connection.class, "end");

        private static final long BUSY = Long.MIN_VALUE;
        private static final long NOT_CHECKED = BUSY + 1;

        private final SocketChannel channel;
        private volatile long end = NOT_CHECKED; // or BUSY, or a deadline

        private Connection(SocketChannel channel) {
            this.channel = channel;
        }

        /** Waits for the client, with the usual timeout. */
        public void awaitingClient() {
            end = NOT_CHECKED;
        }

        /** Waits for the client until that deadline. */
        public void awaitingClient(long endNanos) {
            end = endNanos;
        }

        /** Handles a request: no deadline applies. */
        public void busy() {
            end = BUSY;
        }

        private void check(long now, long timeoutNanos) {
            long seen = end;
            if (seen == NOT_CHECKED) {
                END.compareAndSet(this, seen, now + timeoutNanos);
            } else if (seen != BUSY && seen - now <= 0 && END.compareAndSet(this, seen, BUSY)) {
                closeChannel();
            }
        }

        private void closeChannel() {
            try {
                channel.close();
            } catch (IOException e) {
                LOGGER.log(System.Logger.Level.DEBUG, "A connection could not be closed", e);
            }
        }
    }

    /** The connection of a request. */
    public Connection of(ServerRequest request) {
        Connection connection = open.get(request.remotePeer().address());
        if (connection == null) {
            throw new CloseConnectionException("the connection was closed at its deadline");
        }
        return connection;
    }

    private void check() {
        long now = time.nanoTime();
        open.forEach((address, connection) -> {
            connection.check(now, timeoutNanos);
            if (!connection.channel.isOpen()) {
                open.remove(address, connection);
            }
        });
    }

    @Override
    public void close() {
        closed.complete(true);
    }

    // ------------------------------------------------------------------------------------- Options of every connection

    @Override
    public void configureSocket(SocketChannel channel) {
        SocketOptions.super.configureSocket(channel);
        try {
            open.put(channel.getRemoteAddress(), new Connection(channel));
        } catch (IOException e) {
            throw new UncheckedIOException(e); // the client is gone; the web server closes what it accepted
        }
    }

    @Override
    public Map<SocketOption<?>, Object> socketOptions() {
        return Map.of(StandardSocketOptions.TCP_NODELAY, true, StandardSocketOptions.SO_KEEPALIVE, true);
    }

    @Override
    public boolean tcpNoDelay() {
        return true;
    }

    @Override
    public boolean socketKeepAlive() {
        return true;
    }

    @Override
    public boolean socketReuseAddress() {
        return true;
    }

    @Override
    public Duration connectTimeout() {
        return Duration.ofNanos(timeoutNanos);
    }

    @Override
    public Duration readTimeout() {
        return Duration.ofNanos(timeoutNanos);
    }

    @Override
    public Optional<Integer> socketReceiveBufferSize() {
        return Optional.empty();
    }

    @Override
    public Optional<Integer> socketSendBufferSize() {
        return Optional.empty();
    }
}
