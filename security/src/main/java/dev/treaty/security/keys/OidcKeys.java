package dev.treaty.security.keys;

import dev.treaty.core.event.BackgroundThread;
import dev.treaty.core.event.Events;
import dev.treaty.core.time.Time;
import dev.treaty.security.token.IssuerKeys;
import dev.treaty.security.token.VerificationKey;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The keys of a provider: read in the background every 5 minutes, and for a token with an unknown key at most every 10
 * seconds, once for all that wait. Those known are kept while the provider cannot be reached.
 */
public final class OidcKeys implements IssuerKeys, AutoCloseable {
    private static final Duration EVERY = Duration.ofMinutes(5);
    private static final Duration AFTER_FAILURE = Duration.ofSeconds(15);
    private static final Duration AT_LEAST = Duration.ofSeconds(10);

    private final OidcProvider provider;
    private final Time time;
    private final Consumer<String> problems;
    private final Thread thread;
    private final ReentrantLock reading = new ReentrantLock();
    private volatile @Nullable Known known;
    private volatile boolean closed;
    private long lastNanos; // guarded by reading
    private boolean read; // whether it was read at all; guarded by reading

    private record Known(List<VerificationKey> keys, long generation) {}

    /**
     * Creates the keys of a provider, and starts to read them.
     *
     * @param problems receives why they cannot be read, in a sentence
     */
    public OidcKeys(OidcProvider provider, Time time, Events events, Consumer<String> problems) {
        this.provider = provider;
        this.time = time;
        this.problems = problems;
        this.thread = BackgroundThread.virtual("treaty-issuer-keys", time, events, this::run);
        thread.start();
    }

    /** Returns whether they are read from where this says; by discovery if it is absent. */
    public boolean isOf(Optional<URI> jwks) {
        return provider.jwks().equals(jwks);
    }

    private void run() throws InterruptedException {
        while (!closed) {
            reading.lockInterruptibly();
            boolean done;
            try {
                done = read();
            } finally {
                reading.unlock();
            }
            time.sleep((done ? EVERY : AFTER_FAILURE).toNanos());
        }
    }

    @Override
    public void refresh() throws InterruptedException {
        reading.lockInterruptibly(); // those that wait find that it has just been read
        try {
            if (!read || time.nanoTime() - lastNanos >= AT_LEAST.toNanos()) {
                read();
            }
        } finally {
            reading.unlock();
        }
    }

    private boolean read() throws InterruptedException {
        try {
            List<VerificationKey> keys = provider.readKeys();
            Known before = known;
            if (before == null || !before.keys.equals(keys)) {
                known = new Known(keys, before == null ? 1 : before.generation + 1);
            }
            return true;
        } catch (IOException e) {
            problems.accept("the keys of an issuer cannot be read: " + e.getMessage());
            return false;
        } finally {
            read = true;
            lastNanos = time.nanoTime();
        }
    }

    @Override
    public long generation() {
        Known now = known;
        return now == null ? 0 : now.generation;
    }

    @Override
    public boolean known() {
        return known != null;
    }

    @Override
    public Optional<VerificationKey> find(String id, String algorithm) {
        Known now = known;
        if (now != null) {
            for (VerificationKey key : now.keys) {
                if (key.id().equals(id) && key.algorithm().equals(algorithm)) {
                    return Optional.of(key);
                }
            }
        }
        return Optional.empty();
    }

    @Override
    public boolean revoked(String id) {
        return false;
    }

    @Override
    public void close() {
        closed = true;
        thread.interrupt();
    }
}
