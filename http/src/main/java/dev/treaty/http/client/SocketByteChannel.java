package dev.treaty.http.client;

import dev.treaty.core.call.Deadline;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.event.BackgroundThread;
import dev.treaty.core.event.Events;
import dev.treaty.core.time.Promise;
import dev.treaty.core.time.Time;
import dev.treaty.core.timeout.Watchdog;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.net.StandardSocketOptions;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.SocketChannel;
import java.util.function.BiFunction;

/**
 * A TCP connection as a {@link ByteChannel}. It is a {@link SocketChannel} for two reasons: an interrupt ends its waits
 * on platform threads too, and it can be checked without waiting whether the peer has closed it. Reads and writes wait
 * without a timeout, because the JVM creates and cancels a timer for each wait of a virtual thread that has one, and
 * knows none for writes; at the deadline a {@link Watchdog} closes the connection.
 */
public final class SocketByteChannel implements ByteChannel {
    private static final long NANOS_PER_MILLI = 1_000_000;

    /** What is written at once, since the JVM copies all of it although the kernel may take only a part. */
    private static final int WRITTEN_BYTES_MAX = 128 << 10;

    private final SocketChannel channel;
    private final InputStream in;
    private final Time time;
    private final Watchdog watchdog;
    private final Runnable timedOut = this::close;
    private final ByteBuffer probe = ByteBuffer.allocate(1);
    private boolean blocking = true;
    private boolean wrote;

    private SocketByteChannel(SocketChannel channel, Time time, Watchdog watchdog) throws IOException {
        this.channel = channel;
        this.in = channel.socket().getInputStream();
        this.time = time;
        this.watchdog = watchdog;
    }

    /**
     * Connects to an endpoint.
     *
     * @param watchdog ends reads and writes at their deadlines
     */
    static SocketByteChannel open(ServiceEndpoint endpoint, Deadline deadline, Time time, Watchdog watchdog)
            throws IOException {
        InetSocketAddress address = address(endpoint, InetSocketAddress::new, deadline, time);
        if (address.isUnresolved()) {
            throw new UnknownHostException("the host name is not known");
        }
        SocketChannel channel = SocketChannel.open();
        try {
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            channel.socket().connect(address, millis(deadline, time));
            return new SocketByteChannel(channel, time, watchdog);
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    /**
     * Resolves the address of an endpoint. Host names are looked up on a separate thread, since a lookup cannot be
     * interrupted; it is a platform thread, since a lookup would pin a carrier of virtual threads.
     */
    public static InetSocketAddress address(
            ServiceEndpoint endpoint,
            BiFunction<String, Integer, InetSocketAddress> lookup,
            Deadline deadline,
            Time time)
            throws IOException {
        if (isLiteral(endpoint.host())) {
            return new InetSocketAddress(endpoint.host(), endpoint.port());
        }
        var found = new Promise<InetSocketAddress>();
        BackgroundThread.platformOnce("treaty-http-lookup", Events.NONE, () -> {
                    try {
                        found.complete(lookup.apply(endpoint.host(), endpoint.port()));
                    } finally {
                        found.complete(InetSocketAddress.createUnresolved(endpoint.host(), endpoint.port()));
                    }
                })
                .start();
        try {
            InetSocketAddress address = found.await(time, deadline.remainingNanos(time));
            if (address == null) {
                throw new SocketTimeoutException();
            }
            return address;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ClosedByInterruptException();
        }
    }

    private static boolean isLiteral(String host) {
        return host.indexOf(':') >= 0 || host.chars().allMatch(c -> c == '.' || (c >= '0' && c <= '9'));
    }

    private static int millis(Deadline deadline, Time time) throws SocketTimeoutException {
        long nanos = deadline.remainingNanos(time);
        if (nanos <= 0) {
            throw new SocketTimeoutException();
        }
        return (int) Math.min(Integer.MAX_VALUE, (nanos + NANOS_PER_MILLI - 1) / NANOS_PER_MILLI);
    }

    private void blocking(boolean wanted) throws IOException {
        if (blocking != wanted) {
            channel.configureBlocking(wanted);
            blocking = wanted;
        }
    }

    @Override
    public int read(byte[] into, int offset, int length, Deadline deadline) throws IOException {
        blocking(true);
        return waiting(() -> in.read(into, offset, length), deadline);
    }

    /** Something that waits for the peer. */
    private interface Transfer {
        int bytes() throws IOException;
    }

    /** Transfers bytes, waiting for the peer until the deadline. */
    private int waiting(Transfer transfer, Deadline deadline) throws IOException {
        if (deadline.expired(time)) {
            throw new SocketTimeoutException();
        }
        Watchdog.Watch watch = watchdog.arm(Thread.currentThread(), deadline.atNanos(), timedOut);
        IOException failure = null;
        int count = 0;
        boolean late;
        try {
            count = transfer.bytes();
        } catch (IOException e) {
            failure = e;
        } finally {
            late = watchdog.disarm(watch);
        }
        if (late) {
            throw new SocketTimeoutException();
        }
        if (failure != null) {
            throw failure;
        }
        return count;
    }

    @Override
    public void write(byte[] bytes, int offset, int length, Deadline deadline) throws IOException {
        wrote = false;
        blocking(false);
        var rest = ByteBuffer.wrap(bytes, offset, length);
        wrote = channel.write(part(rest, offset + length)) > 0;
        if (rest.position() < offset + length) {
            blocking(true);
        }
        while (rest.position() < offset + length) {
            wrote |= waiting(() -> channel.write(part(rest, offset + length)), deadline) > 0;
        }
    }

    /** Limits a buffer to what is written at once. */
    private static ByteBuffer part(ByteBuffer rest, int end) {
        return rest.limit(Math.min(end, rest.position() + WRITTEN_BYTES_MAX));
    }

    @Override
    public boolean wrote() {
        return wrote;
    }

    @Override
    public boolean quiet() {
        try {
            blocking(false);
            return channel.read(probe.clear()) == 0;
        } catch (IOException e) {
            return false;
        }
    }

    /** Reads what has arrived, without waiting; returns -1 if the peer has closed the connection. */
    int readNow(ByteBuffer into) throws IOException {
        blocking(false);
        return channel.read(into);
    }

    /** Writes as much as can be sent at once. */
    void writeNow(ByteBuffer from) throws IOException {
        blocking(false);
        channel.write(from);
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            // The connection is discarded in either case.
        }
    }
}
