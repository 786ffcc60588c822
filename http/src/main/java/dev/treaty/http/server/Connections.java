package dev.treaty.http.server;

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
 * The connections to a server, each with the time by which the other side must have done what it is waited for: sent
 * its next request or the rest of one, or taken an answer. Whoever is late is hung up on; the web server itself would
 * wait for ever. It tells of a new connection by having its socket configured here.
 */
public final class Connections implements SocketOptions, AutoCloseable {
    private static final System.Logger LOGGER = System.getLogger(Connections.class.getName());

    /** How often it is looked who is late, at least. */
    private static final Duration LOOK = Duration.ofSeconds(1);

    private final Map<SocketAddress, Connection> open = new ConcurrentHashMap<>();
    private final Promise<Boolean> closed = new Promise<>();
    private final Time time;
    private final long patienceNanos;

    /** @param patience how long the other side is waited for where nothing else is said */
    public Connections(Time time, Duration patience) {
        this.time = time;
        this.patienceNanos = patience.toNanos();
    }

    /** Looks after them, until this is closed. */
    public void start() {
        Thread.ofVirtual().name("treaty-http-connections").start(() -> {
            try {
                while (closed.await(time, Math.min(LOOK.toNanos(), patienceNanos)) == null) {
                    look();
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
    }

    /**
     * A connection, and until when the other side is waited for. Turns are taken with every request, so that they read
     * no clock: the time of a turn runs from the next look on.
     */
    public static final class Connection {
        private static final AtomicLongFieldUpdater<Connection> END =
                AtomicLongFieldUpdater.newUpdater(Connection.class, "end");

        private static final long OURS = Long.MIN_VALUE;
        private static final long NOT_SEEN = OURS + 1;

        private final SocketChannel channel;
        private volatile long end = NOT_SEEN; // or OURS, or by the clock

        private Connection(SocketChannel channel) {
            this.channel = channel;
        }

        /** It is the other side's turn, for as long as it usually has. */
        public void awaitingClient() {
            end = NOT_SEEN;
        }

        /** It is the other side's turn, until then. */
        public void awaitingClient(long endNanos) {
            end = endNanos;
        }

        /** It is our turn, for as long as we like. */
        public void busy() {
            end = OURS;
        }

        private void look(long now, long patienceNanos) {
            long seen = end;
            if (seen == NOT_SEEN) {
                END.compareAndSet(this, seen, now + patienceNanos);
            } else if (seen != OURS && seen - now <= 0 && END.compareAndSet(this, seen, OURS)) {
                hangUp();
            }
        }

        private void hangUp() {
            try {
                channel.close();
            } catch (IOException e) {
                LOGGER.log(System.Logger.Level.DEBUG, "A connection did not close well", e);
            }
        }
    }

    /** The connection that a request came on. */
    public Connection of(ServerRequest request) {
        Connection connection = open.get(request.remotePeer().address());
        if (connection == null) {
            throw new CloseConnectionException("the client was late and was hung up on");
        }
        return connection;
    }

    private void look() {
        long now = time.nanoTime();
        open.forEach((address, connection) -> {
            connection.look(now, patienceNanos);
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
        return Duration.ofNanos(patienceNanos);
    }

    @Override
    public Duration readTimeout() {
        return Duration.ofNanos(patienceNanos);
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
