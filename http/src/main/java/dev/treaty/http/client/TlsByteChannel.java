package dev.treaty.http.client;

import dev.treaty.core.call.Deadline;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.security.PeerIdentity;
import dev.treaty.core.security.TransportSecurity;
import dev.treaty.core.time.Time;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.concurrent.locks.ReentrantLock;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLEngineResult.Status;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/**
 * An encrypted connection over a {@link SocketByteChannel}. What is received is decrypted into the array of the caller
 * if there is room for a whole record, so that small responses are not copied.
 *
 * <p>When the certificates in force have changed, the server is identified again before the next call. Another
 * connection takes the place of this one in the second half of what is left of the life of both certificates, at a
 * moment of its own: handshakes cost more than calls, and those of all connections at once would delay them.
 */
public final class TlsByteChannel implements ByteChannel {
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);
    private static final String[] PROTOCOLS = {"http/1.1"};

    /** The part of what is left of the life of the certificates during which a connection is used. */
    private static final double REPLACED_FROM = 0.5;

    private static final double REPLACED_WITHIN = 0.4;
    private static final Duration LIFE_MAX = Duration.ofDays(365);

    private final SocketByteChannel socket;
    private final TransportSecurity tls;
    private final @Nullable ServiceName service;
    private final SSLEngine engine;
    private final Time time;
    private long generation;
    private Instant replacedAt = Instant.MAX;

    /** Held while the connection is used, so that a thread that closes it does not write between. */
    private final ReentrantLock use = new ReentrantLock();

    /** What has been received and not been decrypted, ready to be read. */
    private final ByteBuffer received;

    private final ByteBuffer sent;

    /** What has been decrypted and did not fit, ready to be read; created when it is needed. */
    private ByteBuffer decrypted = NOTHING;

    /** The arrays that were read into and written from last, which are mostly the same ones. */
    private ByteBuffer target = NOTHING;

    private ByteBuffer source = NOTHING;

    private boolean wrote;

    private TlsByteChannel(
            SocketByteChannel socket,
            TransportSecurity tls,
            @Nullable ServiceName service,
            SSLEngine engine,
            Time time) {
        this.socket = socket;
        this.tls = tls;
        this.service = service;
        this.generation = tls.generation();
        this.engine = engine;
        this.time = time;
        int packet = engine.getSession().getPacketBufferSize();
        this.received = ByteBuffer.allocate(packet).flip();
        this.sent = ByteBuffer.allocate(packet);
    }

    /**
     * Encrypts a connection, and checks who the server is. The connection is closed if that fails.
     *
     * @param service the service of which the server must be one; null for any
     */
    static ByteChannel open(
            SocketByteChannel socket,
            ServiceEndpoint endpoint,
            @Nullable ServiceName service,
            TransportSecurity tls,
            Deadline deadline,
            Time time)
            throws IOException {
        SSLEngine engine = tls.clientEngine(endpoint.host(), endpoint.port());
        engine.setUseClientMode(true);
        var parameters = engine.getSSLParameters();
        parameters.setApplicationProtocols(PROTOCOLS);
        engine.setSSLParameters(parameters);
        var channel = new TlsByteChannel(socket, tls, service, engine, time);
        try {
            channel.handshake(deadline);
            channel.replacedAt = channel.replacement(channel.identify());
            return channel;
        } catch (CertificateException e) {
            channel.close();
            throw new SSLException("its certificate is refused: " + e.getMessage(), e);
        } catch (IOException | RuntimeException | Error e) {
            channel.close();
            throw e;
        }
    }

    private PeerIdentity identify() throws CertificateException {
        PeerIdentity server = tls.identify(engine.getSession());
        if (service != null) {
            tls.checkServes(server, service);
        }
        return server;
    }

    /** Returns when another connection takes the place of this one, by the id of the session, which is random. */
    private Instant replacement(PeerIdentity server) {
        SSLSession session = engine.getSession();
        Instant end = server.expiresAt();
        Certificate[] own = session.getLocalCertificates();
        if (own != null && own[0] instanceof X509Certificate certificate) {
            Instant ownEnd = certificate.getNotAfter().toInstant();
            end = ownEnd.isBefore(end) ? ownEnd : end;
        }
        Instant now = time.instant();
        Duration left = Duration.between(now, end);
        left = left.compareTo(LIFE_MAX) < 0 ? left : LIFE_MAX;
        double random = Integer.toUnsignedLong(Arrays.hashCode(session.getId())) / (double) (1L << Integer.SIZE);
        return now.plusMillis((long) (left.toMillis() * (REPLACED_FROM + REPLACED_WITHIN * random)));
    }

    /** Whether the server is one of the service still, by the certificates in force. */
    private boolean identifiedStill() {
        long now = tls.generation();
        if (now != generation) {
            try {
                identify();
            } catch (CertificateException e) {
                return false;
            }
            generation = now;
        }
        return true;
    }

    private void handshake(Deadline deadline) throws IOException {
        engine.beginHandshake();
        while (true) {
            switch (engine.getHandshakeStatus()) {
                case NEED_WRAP -> send(NOTHING, deadline);
                case NEED_TASK -> runTasks();
                case NEED_UNWRAP, NEED_UNWRAP_AGAIN -> {
                    SSLEngineResult result = engine.unwrap(received, NOTHING);
                    if (result.getStatus() == Status.BUFFER_UNDERFLOW && !receive(deadline)) {
                        throw new EOFException("it closed the connection during the TLS handshake");
                    }
                    if (result.getStatus() == Status.CLOSED) {
                        throw new EOFException("it ended the TLS handshake");
                    }
                    if (result.getStatus() == Status.BUFFER_OVERFLOW) { // data behind the end of the handshake
                        return;
                    }
                }
                default -> {
                    return;
                }
            }
        }
    }

    private void runTasks() {
        for (Runnable task = engine.getDelegatedTask(); task != null; task = engine.getDelegatedTask()) {
            task.run();
        }
    }

    /** Encrypts and sends one record. */
    private void send(ByteBuffer from, Deadline deadline) throws IOException {
        sent.clear();
        SSLEngineResult result = engine.wrap(from, sent);
        if (sent.position() > 0) {
            try {
                socket.write(sent.array(), 0, sent.position(), deadline);
            } finally {
                wrote |= socket.wrote();
            }
        }
        if (result.getStatus() == Status.CLOSED) {
            throw new IOException("the connection is closed");
        }
        if (result.getHandshakeStatus() == HandshakeStatus.NEED_TASK) {
            runTasks();
        }
    }

    /** Receives more, behind what has not been decrypted; returns false if the server has closed the connection. */
    private boolean receive(Deadline deadline) throws IOException {
        received.compact();
        try {
            int count = socket.read(received.array(), received.position(), received.remaining(), deadline);
            received.position(received.position() + Math.max(0, count));
            return count > 0;
        } finally {
            received.flip();
        }
    }

    @Override
    public int read(byte[] into, int offset, int length, Deadline deadline) throws IOException {
        use.lock();
        try {
            target = over(into, target);
            target.limit(offset + length).position(offset);
            while (true) {
                if (decrypted.hasRemaining()) {
                    int count = Math.min(length, decrypted.remaining());
                    decrypted.get(into, offset, count);
                    return count;
                }
                SSLEngineResult result = engine.unwrap(received, target);
                if (result.getStatus() == Status.BUFFER_OVERFLOW) { // also if only a part of the record is there
                    result = decrypt();
                } else if (result.bytesProduced() > 0) {
                    return result.bytesProduced();
                }
                switch (result.getStatus()) {
                    case CLOSED -> {
                        return -1;
                    }
                    case BUFFER_UNDERFLOW -> {
                        if (!receive(deadline)) {
                            throw new EOFException(); // cut off, which only the end of a message may not be
                        }
                    }
                    case BUFFER_OVERFLOW -> throw new SSLException("a record is larger than agreed");
                    case OK -> answer(deadline);
                }
            }
        } finally {
            use.unlock();
        }
    }

    /** Returns a buffer over an array: the last one if it is over this very array. */
    @SuppressWarnings({"ReferenceEquality", "ByteBufferBackingArray"}) // all of them wrap whole arrays
    private static ByteBuffer over(byte[] array, ByteBuffer last) {
        return last.array() == array ? last : ByteBuffer.wrap(array);
    }

    /** Decrypts one record into the buffer of this connection. */
    private SSLEngineResult decrypt() throws IOException {
        int size = engine.getSession().getApplicationBufferSize();
        if (decrypted.capacity() < size) {
            decrypted = ByteBuffer.allocate(size);
        }
        decrypted.clear();
        try {
            return engine.unwrap(received, decrypted);
        } finally {
            decrypted.flip();
        }
    }

    /** Sends what the protocol requires after a message of it, such as a new key. */
    private void answer(Deadline deadline) throws IOException {
        runTasks();
        while (engine.getHandshakeStatus() == HandshakeStatus.NEED_WRAP) {
            send(NOTHING, deadline);
        }
    }

    @Override
    public void write(byte[] bytes, int offset, int length, Deadline deadline) throws IOException {
        use.lock();
        try {
            wrote = false;
            source = over(bytes, source);
            source.limit(offset + length).position(offset);
            while (source.hasRemaining()) {
                send(source, deadline);
            }
        } finally {
            use.unlock();
        }
    }

    @Override
    public boolean wrote() {
        return wrote;
    }

    /** Takes tickets for later sessions, which servers send after the handshake; anything else is unexpected. */
    @Override
    public boolean quiet() {
        use.lock();
        try {
            if (replacedAt.isBefore(time.instant()) || !identifiedStill()) {
                return false;
            }
            while (true) {
                received.compact();
                int count;
                try {
                    count = socket.readNow(received);
                } finally {
                    received.flip();
                }
                if (count < 0 || decrypted.hasRemaining()) {
                    return false;
                }
                if (!received.hasRemaining()) {
                    return true;
                }
                SSLEngineResult result = decrypt();
                if (result.getStatus() != Status.OK
                        || result.bytesProduced() > 0
                        || engine.getHandshakeStatus() != HandshakeStatus.NOT_HANDSHAKING) {
                    return false;
                }
            }
        } catch (IOException e) {
            return false;
        } finally {
            use.unlock();
        }
    }

    /** Tells the server that this is the end, if that can be sent at once, and closes the connection. */
    @Override
    public void close() {
        if (use.tryLock()) { // otherwise another thread uses it, and its call fails
            try {
                engine.closeOutbound();
                sent.clear();
                engine.wrap(NOTHING, sent);
                socket.writeNow(sent.flip());
            } catch (IOException e) {
                // The connection is discarded in either case.
            } finally {
                use.unlock();
            }
        }
        socket.close();
    }
}
