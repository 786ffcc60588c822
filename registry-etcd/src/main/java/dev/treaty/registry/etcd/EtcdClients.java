package dev.treaty.registry.etcd;

import dev.treaty.core.event.BackgroundThread;
import dev.treaty.core.time.Time;
import dev.treaty.registry.spi.ClusterAddress;
import dev.treaty.registry.spi.RegistryAccess;
import dev.treaty.registry.spi.RegistryProvider.RegistryContext;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.ClientBuilder;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import javax.net.ssl.SSLException;

/**
 * Holds the client of etcd and replaces it while it cannot connect. A gRPC channel that cannot connect waits up to two
 * minutes before it tries again; a new channel connects at once, so that an outage ends when etcd is back.
 */
final class EtcdClients implements AutoCloseable {
    /** How long a client may fail before it is replaced. */
    private static final long FAILING_NANOS = Duration.ofSeconds(1).toNanos();

    /** The largest response, in bytes: etcd may report thousands of changes in one. */
    private static final int RESPONSE_BYTES_MAX = 256 << 20;

    private final ClusterAddress address;
    private final Time time;
    private final ExecutorService executor;
    private Client client;
    private long succeededAtNanos;
    private boolean closed;

    EtcdClients(ClusterAddress address, RegistryContext context) {
        this.address = address;
        this.time = context.time();
        this.executor = Executors.newThreadPerTaskExecutor(
                task -> BackgroundThread.once("treaty-etcd", context.events(), task::run));
        this.client = connect();
        this.succeededAtNanos = time.nanoTime();
    }

    private Client connect() {
        List<URI> members = address.members().stream()
                .map(endpoint -> URI.create(endpoint.toString()))
                .toList();
        RegistryAccess access = address.access();
        ClientBuilder builder = Client.builder();
        access.user().ifPresent(user -> builder.user(EtcdBackend.bytes(user)));
        access.password().ifPresent(password -> builder.password(EtcdBackend.bytes(password)));
        access.ca().ifPresent(ca -> encrypt(builder, ca, access));
        return builder.endpoints(members)
                .connectTimeout(Duration.ofSeconds(2))
                .keepaliveTime(Duration.ofSeconds(5)) // so that a frozen member is detected
                .keepaliveTimeout(Duration.ofSeconds(2))
                .keepaliveWithoutCalls(false)
                .retryMaxAttempts(0) // callers retry, with pauses of their own
                .waitForReady(false)
                .maxInboundMessageSize(RESPONSE_BYTES_MAX)
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

    synchronized Client current() {
        return client;
    }

    synchronized void succeeded(Client used) {
        if (isCurrent(used)) {
            succeededAtNanos = time.nanoTime();
        }
    }

    synchronized void failed(Client used) {
        long now = time.nanoTime();
        if (!closed && isCurrent(used) && now - succeededAtNanos >= FAILING_NANOS) {
            client = connect();
            succeededAtNanos = now;
            used.close();
        }
    }

    @SuppressWarnings("ReferenceEquality") // the identity of the client matters
    private boolean isCurrent(Client used) {
        return used == client;
    }

    @Override
    public synchronized void close() {
        closed = true;
        client.close();
        executor.shutdownNow();
    }
}
