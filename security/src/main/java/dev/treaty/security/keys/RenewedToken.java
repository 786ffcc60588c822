package dev.treaty.security.keys;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.event.BackgroundThread;
import dev.treaty.core.event.Events;
import dev.treaty.core.security.TokenSource;
import dev.treaty.core.text.PrintableText;
import dev.treaty.core.text.Secrets;
import dev.treaty.core.time.Signal;
import dev.treaty.core.time.Time;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * A token that is replaced ahead of its expiry, at 75 to 85 % of its life: once for all that need it, in the
 * background. The old one is used while no other can be had. It is thread-safe.
 */
public final class RenewedToken implements TokenSource, AutoCloseable {
    private static final double RENEWED_AT_LEAST = 0.75;
    private static final double RENEWED_WITHIN = 0.1;
    private static final long FIRST_PAUSE_NANOS = Duration.ofSeconds(1).toNanos();
    private static final int DOUBLINGS_MAX = 5;
    private static final Duration REPLACED_AFTER = Duration.ofSeconds(1);

    private final Origin origin;
    private final Time time;
    private final RandomGenerator random;
    private final Thread thread;
    private final ReentrantLock obtaining = new ReentrantLock();
    private final Signal obtained = new Signal();
    private volatile @Nullable Held held;
    private boolean started; // guarded by obtaining
    private int failures; // guarded by obtaining
    private @Nullable ServiceException failure; // of the last attempt; guarded by obtaining
    private Instant nextAttempt = Instant.MIN; // guarded by obtaining

    /** Where tokens come from. */
    @FunctionalInterface
    public interface Origin {
        /**
         * Obtains another token.
         *
         * @param before the one before, if it is still valid
         * @throws IOException if none can be had
         * @throws ServiceException if none can be had
         */
        Fresh obtain(Optional<String> before) throws IOException, InterruptedException;
    }

    /** A token and when it ends. */
    public record Fresh(String token, Instant expiresAt) {
        @Override
        public String toString() {
            return "Fresh[until " + expiresAt + "]";
        }
    }

    private record Held(String token, Instant since, Instant renewAt, Instant expiresAt) {}

    /** A token of an origin, which is asked at first use. */
    public RenewedToken(Origin origin, Time time, Events events, RandomGenerator random) {
        this.origin = origin;
        this.time = time;
        this.random = random;
        this.thread = BackgroundThread.virtual("treaty-token-renewal", time, events, this::renew);
    }

    @Override
    public Optional<String> token(String audience) throws InterruptedException {
        Held now = held;
        if (now != null && time.instant().isBefore(now.expiresAt)) {
            return Optional.of(now.token);
        }
        obtaining.lockInterruptibly(); // those that wait find the token, or why there is none
        try {
            now = held;
            if (now == null || !time.instant().isBefore(now.expiresAt)) {
                now = obtain(Optional.empty());
            }
            return Optional.of(now.token);
        } finally {
            obtaining.unlock();
        }
    }

    @Override
    public Optional<String> replace(String audience, String refused) throws InterruptedException {
        obtaining.lockInterruptibly();
        try {
            Held now = held;
            boolean young =
                    now != null && Duration.between(now.since, time.instant()).compareTo(REPLACED_AFTER) < 0;
            if (now != null && now.token.equals(refused) && !young) {
                boolean valid = time.instant().isBefore(now.expiresAt);
                now = obtain(valid ? Optional.of(refused) : Optional.empty());
            }
            return Optional.ofNullable(now).map(Held::token).filter(token -> !token.equals(refused));
        } catch (ServiceException e) {
            return Optional.empty();
        } finally {
            obtaining.unlock();
        }
    }

    /** Obtains a token; attempts follow a failure only after a pause. */
    private Held obtain(Optional<String> before) throws InterruptedException {
        if (!started) {
            started = true;
            thread.start();
        }
        ServiceException last = failure;
        if (last != null && time.instant().isBefore(nextAttempt)) {
            throw ServiceException.withoutTrace(last.fault());
        }
        try {
            Fresh fresh = origin.obtain(before);
            Instant now = time.instant();
            double life = Math.max(0, Duration.between(now, fresh.expiresAt()).toMillis());
            long renewed = (long) (life * (RENEWED_AT_LEAST + random.nextDouble() * RENEWED_WITHIN));
            var next = new Held(fresh.token(), now, now.plusMillis(renewed), fresh.expiresAt());
            held = next;
            failure = null;
            failures = 0;
            return next;
        } catch (IOException | ServiceException e) {
            long pause = FIRST_PAUSE_NANOS << Math.min(failures++, DOUBLINGS_MAX);
            nextAttempt = time.instant().plusNanos(pause / 2 + random.nextLong(pause / 2 + 1));
            ServiceException reason = failed(e);
            failure = reason;
            throw reason;
        } finally {
            obtained.raise();
        }
    }

    private static ServiceException failed(Exception e) {
        String message =
                e instanceof ServiceException failed ? failed.fault().message() : String.valueOf(e.getMessage());
        return ServiceException.withoutTrace(Fault.unreached(
                Code.UNAVAILABLE, "no token can be obtained: " + PrintableText.line(Secrets.mask(message))));
    }

    private void renew() throws InterruptedException {
        while (true) {
            var next = obtained.next();
            Instant now = time.instant();
            Instant due = due(now);
            if (now.isBefore(due)) {
                next.await(time, Duration.between(now, due).toNanos());
            }
        }
    }

    /** Renews the token if it is time to, and returns when to look again. */
    private Instant due(Instant now) throws InterruptedException {
        obtaining.lockInterruptibly();
        try {
            Held current = held;
            if (current != null && !now.isBefore(current.renewAt)) {
                if (now.isBefore(nextAttempt) && failure != null) {
                    return nextAttempt;
                }
                boolean valid = now.isBefore(current.expiresAt);
                current = obtain(valid ? Optional.of(current.token) : Optional.empty());
            }
            return current == null ? now.plus(Duration.ofMinutes(1)) : current.renewAt;
        } catch (ServiceException e) {
            return nextAttempt;
        } finally {
            obtaining.unlock();
        }
    }

    @Override
    public void close() {
        thread.interrupt();
    }
}
