package dev.treaty.resilience;

import dev.treaty.core.time.Time;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Stops sending to what keeps failing, and finds out carefully whether it has recovered.
 *
 * <p>Closed, it counts outcomes and opens on too many failures. Open, it refuses until its time is up. Then it is
 * half-open: one trial at a time may pass, and its outcome closes the breaker or opens it for longer.
 *
 * <p>Two rules keep it sound. Each admission carries the <em>epoch</em> in which it was given, and an outcome counts
 * only in its own epoch: a success that began before the breaker opened cannot close it. And a trial is a
 * <em>lease</em>: a trial whose outcome is never reported runs out, and the next may pass, so that a lost permit cannot
 * keep the breaker half-open for ever.
 *
 * @see <a href="https://martinfowler.com/bliki/CircuitBreaker.html">CircuitBreaker</a>
 */
public final class CircuitBreaker {
    /** What {@link #tryAcquire()} answers where the call must not be made. */
    public static final long REFUSED = -1;

    /** The states of a breaker. */
    public enum State {
        /** Calls pass. */
        CLOSED,
        /** Calls are refused. */
        OPEN,
        /** One trial at a time passes. */
        HALF_OPEN
    }

    /** Told of every change of state. */
    @FunctionalInterface
    public interface Listener {
        /** The breaker went from one state to another, for that reason. */
        void changed(State before, State after, String reason);
    }

    /**
     * How a breaker stands.
     *
     * @param state its state now
     * @param successes those within the window
     * @param failures those within the window
     * @param lastSuccess when the last one was reported
     * @param lastFailure when the last one was reported
     * @param threshold how many failures in a row open it
     * @param timeout how long it stays open this time, or would the next
     * @param lastStateChange when it last changed; nothing where it never did
     */
    public record Snapshot(
            State state,
            int successes,
            int failures,
            Optional<Instant> lastSuccess,
            Optional<Instant> lastFailure,
            int threshold,
            Duration timeout,
            Optional<Instant> lastStateChange) {}

    private sealed interface Phase {
        long epoch();

        record Closed(long epoch, OutcomeWindow window, AtomicInteger failuresInRow) implements Phase {}

        record Open(long epoch, long untilNanos, int openings) implements Phase {}

        record HalfOpen(long epoch, long trialUntilNanos, int openings) implements Phase {}
    }

    private final CircuitBreakerPolicy policy;
    private final Time time;
    private final RandomGenerator random;
    private final Listener listener;
    private final AtomicReference<Phase> phase;
    private volatile @Nullable Instant lastStateChange;
    private volatile long lastSuccessNanos;
    private volatile long lastFailureNanos;

    /** A closed breaker. */
    public CircuitBreaker(CircuitBreakerPolicy policy, Time time, RandomGenerator random, Listener listener) {
        this.policy = policy;
        this.time = time;
        this.random = random;
        this.listener = listener;
        this.phase = new AtomicReference<>(closed(0));
    }

    private Phase closed(long epoch) {
        return new Phase.Closed(
                epoch, new OutcomeWindow(policy.window().toNanos(), time.nanoTime()), new AtomicInteger());
    }

    /** True where {@link #tryAcquire()} would let a call pass: what balancers look at before they pick. */
    public boolean available() {
        return switch (phase.get()) {
            case Phase.Closed _ -> true;
            case Phase.Open open -> open.untilNanos - time.nanoTime() <= 0;
            case Phase.HalfOpen half -> half.trialUntilNanos - time.nanoTime() <= 0;
        };
    }

    /**
     * Asks to make a call.
     *
     * @return the admission to report the outcome with, or {@link #REFUSED}
     */
    public long tryAcquire() {
        while (true) {
            Phase now = phase.get();
            if (now instanceof Phase.Closed closed) {
                return closed.epoch;
            }
            long clock = time.nanoTime();
            long until = now instanceof Phase.Open open ? open.untilNanos : ((Phase.HalfOpen) now).trialUntilNanos;
            if (until - clock > 0) {
                return REFUSED;
            }
            int openings = now instanceof Phase.Open open ? open.openings : ((Phase.HalfOpen) now).openings;
            // Each trial is an epoch of its own: one that ran out of its lease has no say any more.
            var trial =
                    new Phase.HalfOpen(now.epoch() + 1, clock + policy.openMax().toNanos(), openings);
            if (phase.compareAndSet(now, trial)) {
                if (now instanceof Phase.Open) {
                    changed(State.OPEN, State.HALF_OPEN, "its time is up, one trial passes");
                }
                return trial.epoch;
            }
        }
    }

    /** Reports that the call of that admission went well. */
    public void succeeded(long admission) {
        long clock = time.nanoTime();
        lastSuccessNanos = clock;
        Phase now = phase.get();
        if (now.epoch() != admission) {
            return;
        }
        switch (now) {
            case Phase.Closed closed -> {
                closed.window.add(false, clock);
                if (closed.failuresInRow.get() != 0) {
                    closed.failuresInRow.set(0);
                }
            }
            case Phase.HalfOpen _ -> {
                if (phase.compareAndSet(now, closed(admission + 1))) {
                    changed(State.HALF_OPEN, State.CLOSED, "the trial went well");
                }
            }
            case Phase.Open _ -> {} // an open phase gives no admissions
        }
    }

    /** Reports that the call of that admission failed and the service is to blame. */
    public void failed(long admission) {
        long clock = time.nanoTime();
        lastFailureNanos = clock;
        Phase now = phase.get();
        if (now.epoch() != admission) {
            return;
        }
        switch (now) {
            case Phase.Closed closed -> {
                closed.window.add(true, clock);
                int inRow = closed.failuresInRow.incrementAndGet();
                if (inRow >= policy.consecutiveFailures()) {
                    open(now, clock, 1, inRow + " failures in a row");
                    return;
                }
                int calls = closed.window.calls(clock);
                int failures = closed.window.failures(clock);
                if (calls >= policy.callsMin() && failures >= policy.failureRate() * calls) {
                    open(now, clock, 1, failures + " of " + calls + " calls failed");
                }
            }
            case Phase.HalfOpen half -> open(now, clock, half.openings + 1, "the trial failed");
            case Phase.Open _ -> {} // an open phase gives no admissions
        }
    }

    /** Gives an admission back unused, or with an outcome that says nothing about the service. */
    public void ignored(long admission) {
        if (phase.get() instanceof Phase.HalfOpen half && half.epoch == admission) {
            // The next trial may pass at once.
            phase.compareAndSet(half, new Phase.Open(half.epoch + 1, time.nanoTime(), half.openings));
        }
    }

    private void open(Phase before, long clock, int openings, String reason) {
        long nanos = openNanos(openings);
        long jittered = nanos - nanos / 8 + Jitter.FULL.spread(nanos / 4, random);
        if (phase.compareAndSet(before, new Phase.Open(before.epoch() + 1, clock + jittered, openings))) {
            changed(state(before), State.OPEN, reason);
        }
    }

    private long openNanos(int openings) {
        double grown = (double) policy.open().toNanos() * Math.pow(2, openings - 1.0);
        return (long) Math.min(grown, (double) policy.openMax().toNanos());
    }

    /** Closes the breaker and forgets what it counted. */
    public void reset() {
        Phase before = phase.get();
        if (phase.compareAndSet(before, closed(before.epoch() + 1)) && !(before instanceof Phase.Closed)) {
            changed(state(before), State.CLOSED, "reset by hand");
        }
    }

    private void changed(State before, State after, String reason) {
        lastStateChange = time.instant();
        listener.changed(before, after, reason);
    }

    /** The state now. */
    public State state() {
        return state(phase.get());
    }

    private static State state(Phase phase) {
        return switch (phase) {
            case Phase.Closed _ -> State.CLOSED;
            case Phase.Open _ -> State.OPEN;
            case Phase.HalfOpen _ -> State.HALF_OPEN;
        };
    }

    /** How the breaker stands now. */
    public Snapshot snapshot() {
        Phase now = phase.get();
        long clock = time.nanoTime();
        int calls = now instanceof Phase.Closed closed ? closed.window.calls(clock) : 0;
        int failures = now instanceof Phase.Closed closed ? closed.window.failures(clock) : 0;
        int openings = switch (now) {
            case Phase.Closed _ -> 1;
            case Phase.Open open -> open.openings;
            case Phase.HalfOpen half -> half.openings;
        };
        return new Snapshot(
                state(now),
                calls - failures,
                failures,
                wallClock(lastSuccessNanos, clock),
                wallClock(lastFailureNanos, clock),
                policy.consecutiveFailures(),
                Duration.ofNanos(openNanos(openings)),
                Optional.ofNullable(lastStateChange));
    }

    private Optional<Instant> wallClock(long nanos, long clock) {
        return nanos == 0 ? Optional.empty() : Optional.of(time.instant().minusNanos(clock - nanos));
    }
}
