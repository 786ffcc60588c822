package dev.treaty.registry.etcd;

import dev.treaty.core.time.Time;
import dev.treaty.registry.spi.RegistryAccess;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.ClientBuilder;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.ReentrantLock;
import javax.net.ssl.SSLException;

/**
 * The client of etcd, and another one in its place where it does not get through. A gRPC channel that cannot connect
 * waits longer and longer, up to two minutes, and cannot be told that it is time to try: a new one tries at once. So an
 * outage is over when etcd is back, and not some time after it.
 */
final class EtcdClients implements AutoCloseable {
    /** How long a client may be in trouble before another one takes its place. */
    private static final long TROUBLE_NANOS = Duration.ofSeconds(1).toNanos();

    /** The longest answer, in bytes: etcd may tell of a thousand changes in one. */
    private static final int ANSWER_MAX = 256 << 20;

    private final EtcdAddress address;
    private final Time time;
    private final ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
    private final ReentrantLock lock = new ReentrantLock();
    private Client client;
    private long goodAtNanos;
    private boolean closed;

    EtcdClients(EtcdAddress address, Time time) {
        this.address = address;
        this.time = time;
        this.client = connect();
        this.goodAtNanos = time.nanoTime();
    }

    private Client connect() {
        List<URI> members = address.endpoints().stream()
                .map(endpoint -> URI.create(endpoint.toString()))
                .toList();
        RegistryAccess access = address.access();
        ClientBuilder builder = Client.builder();
        access.user().ifPresent(user -> builder.user(EtcdBackend.bytes(user)));
        access.password().ifPresent(password -> builder.password(EtcdBackend.bytes(password)));
        access.ca().ifPresent(ca -> encrypt(builder, ca, access));
        return builder.endpoints(members)
                .connectTimeout(Duration.ofSeconds(2))
                .keepaliveTime(Duration.ofSeconds(5)) // a member that froze is noticed in that time
                .keepaliveTimeout(Duration.ofSeconds(2))
                .keepaliveWithoutCalls(false)
                .retryMaxAttempts(0) // whoever asks tries again, with pauses of its own
                .waitForReady(false)
                .maxInboundMessageSize(ANSWER_MAX)
                .executorService(executor)
                .build();
    }

    private static void encrypt(ClientBuilder builder, Path ca, RegistryAccess access) {
        try {
            builder.sslContext(ssl -> {
                ssl.trustManager(ca.toFile());
                access.certificate()
                        .ifPresent(own -> ssl.keyManager(
                                own.toFile(), access.key().orElseThrow().toFile()));
            });
        } catch (SSLException | IllegalArgumentException e) {
            throw new IllegalArgumentException("ca, certificate or key cannot be used: " + e.getMessage(), e);
        }
    }

    Client current() {
        lock.lock();
        try {
            return client;
        } finally {
            lock.unlock();
        }
    }

    @SuppressWarnings("ReferenceEquality") // it is that client or another
    private boolean isCurrent(Client used) {
        return used == client;
    }

    void answered(Client used) {
        lock.lock();
        try {
            if (isCurrent(used)) {
                goodAtNanos = time.nanoTime();
            }
        } finally {
            lock.unlock();
        }
    }

    void failed(Client used) {
        Client old;
        lock.lock();
        try {
            long now = time.nanoTime();
            if (closed || !isCurrent(used) || now - goodAtNanos < TROUBLE_NANOS) {
                return;
            }
            old = client;
            client = connect();
            goodAtNanos = now;
        } finally {
            lock.unlock();
        }
        old.close();
    }

    @Override
    public void close() {
        Client last;
        lock.lock();
        try {
            closed = true;
            last = client;
        } finally {
            lock.unlock();
        }
        last.close();
        executor.shutdownNow();
    }
}
