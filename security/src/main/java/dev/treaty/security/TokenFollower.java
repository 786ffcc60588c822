package dev.treaty.security;

import dev.treaty.core.call.ServiceException;
import dev.treaty.core.event.BackgroundThread;
import dev.treaty.core.event.Events;
import dev.treaty.core.time.Signal;
import dev.treaty.core.time.Time;
import dev.treaty.security.TokenProtocol.ApiKey;
import dev.treaty.security.TokenProtocol.Revocation;
import dev.treaty.security.TokenProtocol.State;
import dev.treaty.security.token.IssuerKeys;
import dev.treaty.security.token.VerificationKey;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Follows {@link TokenProtocol}: knows the keys, the revoked tokens and the API keys of Treaty's own service of tokens,
 * usually less than a second after they change. It keeps what it knows while the service cannot be reached; {@link
 * #staleness} tells for how long that is.
 */
public final class TokenFollower implements AutoCloseable {
    /** The longest wait for a change, so that a connection that is dead is noticed. */
    private static final Duration WAIT = Duration.ofSeconds(4);

    private static final Duration FIRST_STATE_MAX = Duration.ofSeconds(2);
    private static final Duration PURGE_EVERY = Duration.ofMinutes(1);
    private static final long PAUSE_NANOS = Duration.ofMillis(250).toNanos();
    private static final int DOUBLINGS_MAX = 4;

    private final TokenProtocol client;
    private final Time time;
    private final RandomGenerator random;
    private final Thread thread;
    private final Signal changed = new Signal();
    private final AtomicLong generation = new AtomicLong();
    private final Keys keys = new Keys();
    private volatile Known known = new Known();
    private volatile @Nullable Instant answered;
    private Instant purged;

    /** What is known. The maps grow in place; a state that begins anew gets new ones. */
    private static final class Known {
        private volatile List<VerificationKey> keys = List.of();
        private String jwks = "";
        private final Map<String, Instant> revoked = new ConcurrentHashMap<>();
        private final Map<String, ApiKey> apiKeys = new ConcurrentHashMap<>();
        private String mark = "";
    }

    /**
     * Creates a follower; {@link #started} starts it.
     *
     * @param client a client of the service, or the service itself if this process hosts it. Its calls may wait for at
     *     least 4 seconds
     * @param events receives failures of the thread
     */
    public TokenFollower(TokenProtocol client, Time time, Events events, RandomGenerator random) {
        this.client = client;
        this.time = time;
        this.random = random;
        this.purged = time.instant();
        this.thread = BackgroundThread.virtual("treaty-tokens", time, events, this::follow);
    }

    /** Starts to follow, and returns this. */
    public TokenFollower started() {
        thread.start();
        return this;
    }

    /** Returns how long ago the service has answered last; empty if it never has. */
    public Optional<Duration> staleness() {
        return Optional.ofNullable(answered).map(last -> Duration.between(last, time.instant()));
    }

    /** Returns the number of API keys and of revocations that are known. */
    public int size() {
        return known.apiKeys.size() + known.revoked.size();
    }

    IssuerKeys keys() {
        return keys;
    }

    Optional<ApiKey> apiKey(String id) {
        return Optional.ofNullable(known.apiKeys.get(id));
    }

    private void follow() throws InterruptedException {
        int failures = 0;
        Known next = known;
        while (true) {
            try {
                State state = client.state(next.mark, WAIT.toMillis());
                next = apply(state, next);
                failures = 0;
            } catch (ServiceException | IllegalArgumentException e) {
                next = known; // a page that failed may have been of a state that is not complete
                long pause = PAUSE_NANOS << Math.min(failures++, DOUBLINGS_MAX);
                time.sleep(pause / 2 + random.nextLong(pause / 2 + 1));
            }
        }
    }

    private Known apply(State state, Known before) {
        List<VerificationKey> read =
                state.jwks().equals(before.jwks) ? before.keys : VerificationKey.readAll(state.jwks());
        Known next = state.complete() ? new Known() : before;
        for (ApiKey key : state.apiKeys()) {
            next.apiKeys.put(key.id(), key);
        }
        for (Revocation revocation : state.revoked()) {
            next.revoked.put(revocation.id(), revocation.until());
            next.apiKeys.remove(revocation.id());
        }
        boolean news = !state.mark().equals(before.mark);
        next.keys = read;
        next.jwks = state.jwks();
        next.mark = state.mark();
        Instant now = time.instant();
        if (Duration.between(purged, now).compareTo(PURGE_EVERY) >= 0) {
            purged = now;
            next.revoked.values().removeIf(now::isAfter);
            next.apiKeys.values().removeIf(key -> now.isAfter(key.expiresAt()));
        }
        if (!state.more()) {
            known = next;
            answered = now;
        }
        if (news) {
            generation.incrementAndGet();
        }
        changed.raise();
        return next;
    }

    @Override
    public void close() {
        thread.interrupt();
    }

    private final class Keys implements IssuerKeys {
        @Override
        public long generation() {
            return generation.get();
        }

        @Override
        public boolean known() {
            return answered != null;
        }

        @Override
        public Optional<VerificationKey> find(String id, String algorithm) {
            for (VerificationKey key : known.keys) {
                if (key.id().equals(id) && key.algorithm().equals(algorithm)) {
                    return Optional.of(key);
                }
            }
            return Optional.empty();
        }

        /** Waits for the first state only: a key is published long before it signs. */
        @Override
        public void refresh() throws InterruptedException {
            long end = time.nanoTime() + FIRST_STATE_MAX.toNanos();
            while (answered == null) {
                var next = changed.next();
                long left = end - time.nanoTime();
                if (left <= 0) {
                    return;
                }
                if (answered == null) {
                    next.await(time, left);
                }
            }
        }

        @Override
        public boolean revoked(String id) {
            return known.revoked.containsKey(TokenService.chain(id));
        }
    }
}
