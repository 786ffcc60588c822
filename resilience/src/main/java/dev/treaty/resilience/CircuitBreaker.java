package dev.treaty.resilience;

import dev.treaty.core.time.Time;
import dev.treaty.resilience.breaker.CountWindow;
import dev.treaty.resilience.breaker.OutcomeWindow;
import dev.treaty.resilience.breaker.TimeWindow;
import dev.treaty.resilience.internal.Stripes;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;

/**
 * Stops sending to what keeps failing or has become slow, and finds out carefully whether it has recovered.
 *
 * <p>Closed, it counts outcomes and opens on too many bad ones. Open, it refuses until its time is up. Then it is
 * half-open: a few trials at a time may pass; if enough of them go well it closes, and if one does not it opens for
 * longer. By hand it can be {@linkplain #forceOpen forced open} or {@linkplain #disable disabled}.
 *
 * <p>Two rules keep it sound. Each admission carries the <em>epoch</em> in which it was given, and an outcome counts
 * only in its own epoch: a success that began before the breaker opened cannot close it. And a trial is a
 * <em>lease</em>: a trial whose outcome is never reported runs out, and the next may pass, so that a lost permit cannot
 * keep the breaker half-open for ever. What ends with the lease is the trial's place alone: its outcome counts for a
 * hundred leases as long as the breaker is half-open, so that calls longer than a lease cannot keep it so for ever
 * either.
 *
 * <p>Use it around a call so; every admission is reported once, as succeeded, failed or ignored:
 *
 * <pre>{@code
 * long admission = breaker.tryAcquire();
 * if (admission == CircuitBreaker.REFUSED) {
 *     return refusal;
 * }
 * }</pre>
 *
 * <p>Any number of threads may use a breaker. The methods with a {@code now} take a reading of {@link Time#nanoTime},
 * so that everything around a call can share two readings. A call that passes a closed breaker and goes well costs one
 * uncontended atomic addition and allocates nothing, nor does a refusal.
 *
 * @see <a href="https://martinfowler.com/bliki/CircuitBreaker.html">CircuitBreaker</a>
 */
public final class CircuitBreaker {
    /** What {@link #tryAcquire()} answers where the call must not be made. */
    public static final long REFUSED = -1;

    /** For so many leases the outcome of a trial is waited for, which bounds how many are remembered. */
    private static final int OUTCOME_LEASES = 100;

    /** The states of a breaker. */
    public enum State {
        /** Calls pass. */
        CLOSED,
        /** Calls are refused. */
        OPEN,
        /** A few trials at a time pass. */
        HALF_OPEN
    }

    /** Who decides on the state. */
    public enum Mode {
        /** The outcomes of calls. */
        AUTOMATIC,
        /** Somebody has forced it open; outcomes change nothing. */
        FORCED_OPEN,
        /** Somebody has disabled it: everything passes, and outcomes change nothing. */
        DISABLED
    }

    /** Told of every change of state or mode. */
    @FunctionalInterface
    public interface Listener {
        /** The breaker went from one state to another, for that reason; only its mode changed where both are equal. */
        void changed(State before, State after, String reason);
    }

    /**
     * How a breaker stands.
     *
     * @param state its state now
     * @param mode who decides on it
     * @param successes those within the window; a breaker that is not closed has none
     * @param failures those within the window
     * @param slow the slow calls within the window, whether they went well or failed
     * @param lastSuccess when the last one was reported
     * @param lastFailure when the last one was reported
     * @param threshold how many failures in a row open it
     * @param timeout how long it stays open this time, or would the next, before it is spread
     * @param lastStateChange when it last changed or was reset; nothing where it never was
     * @param reason why it was; empty where it never was
     */
    public record Snapshot(
            State state,
            Mode mode,
            long successes,
            long failures,
            long slow,
            Optional<Instant> lastSuccess,
            Optional<Instant> lastFailure,
            int threshold,
            Duration timeout,
            Optional<Instant> lastStateChange,
            String reason) {}

    /** When a breaker changed, and why. */
    private record Change(long nanos, String reason) {
        static final Change NONE = new Change(OutcomeWindow.NEVER, "");
    }

    /** One state with all that belongs to it. Admissions are numbered by epoch, and no number is given twice. */
    private sealed interface Phase {
        long epoch();

        Change change();

        State state();

        default Mode mode() {
            return Mode.AUTOMATIC;
        }

        /** How often it has opened without recovery, this time or the next included. */
        default int openings() {
            return 1;
        }

        /** All calls of this epoch have the same admission: there may be millions of them. */
        record Closed(long epoch, OutcomeWindow window, Change change) implements Phase {
            @Override
            public State state() {
                return State.CLOSED;
            }
        }

        record Open(long epoch, long untilNanos, int openings, Change change) implements Phase {
            @Override
            public State state() {
                return State.OPEN;
            }

            /** The phase that this one has turned into once its time is up. */
            Phase at(long now) {
                return untilNanos - now > 0
                        ? this
                        : new HalfOpen(epoch, List.of(), 0, openings, new Change(untilNanos, TIME_IS_UP));
            }
        }

        /** Each trial is an epoch of its own; {@code epoch} is that of the latest. */
        record HalfOpen(long epoch, List<Trial> awaited, int succeeded, int openings, Change change) implements Phase {
            @Override
            public State state() {
                return State.HALF_OPEN;
            }

            boolean admits(int trials, long now) {
                int taken = succeeded;
                for (int i = 0; i < awaited.size(); i++) { // no iterator: a refusal allocates nothing
                    taken += awaited.get(i).hasPlace(now) ? 1 : 0;
                }
                return taken < trials;
            }

            HalfOpen admit(long now, long leaseNanos) {
                var next = new Trial(epoch + 1, now + leaseNanos, now + OUTCOME_LEASES * leaseNanos);
                List<Trial> all = Stream.concat(awaited.stream().filter(trial -> trial.counts(now)), Stream.of(next))
                        .toList();
                return new HalfOpen(next.epoch, all, succeeded, openings, change);
            }

            boolean waitsFor(long admission, long now) {
                return awaited.stream().anyMatch(trial -> trial.epoch == admission && trial.counts(now));
            }

            HalfOpen without(long admission, int newSuccesses) {
                List<Trial> others = awaited.stream()
                        .filter(trial -> trial.epoch != admission)
                        .toList();
                return new HalfOpen(epoch, others, succeeded + newSuccesses, openings, change);
            }
        }

        record Forced(long epoch, Mode mode, Change change) implements Phase {
            @Override
            public State state() {
                return mode == Mode.FORCED_OPEN ? State.OPEN : State.CLOSED;
            }
        }
    }

    /** A trial whose outcome has not been reported. */
    private record Trial(long epoch, long placeUntilNanos, long countsUntilNanos) {
        /** Whether it keeps the next from passing. */
        boolean hasPlace(long now) {
            return placeUntilNanos - now > 0;
        }

        /** Whether its outcome still has a say. */
        boolean counts(long now) {
            return countsUntilNanos - now > 0;
        }
    }

    private static final String TIME_IS_UP = "its time is up, trials pass";
    private static final VarHandle PHASE;

    static {
        try {
            PHASE = MethodHandles.lookup().findVarHandle(CircuitBreaker.class, "phase", Phase.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final CircuitBreakerPolicy policy;
    private final Time time;
    private final RandomGenerator random;
    private final Listener listener;
    private final int stripes;
    private final long slowNanos;

    /** Changed by comparing and setting only, through {@link #PHASE}; a reference object would cost a line more. */
    private volatile Phase phase;

    /** Of the successes that no window remembers: those of trials, of slow calls and of windows gone by. */
    private volatile long lastSuccessNanos = OutcomeWindow.NEVER;

    private volatile long lastFailureNanos = OutcomeWindow.NEVER;

    /** A closed breaker. */
    public CircuitBreaker(CircuitBreakerPolicy policy, Time time, RandomGenerator random, Listener listener) {
        this(policy, time, random, listener, Stripes.count(time));
    }

    CircuitBreaker(CircuitBreakerPolicy policy, Time time, RandomGenerator random, Listener listener, int stripes) {
        this.policy = policy;
        this.time = time;
        this.random = random;
        this.listener = listener;
        this.stripes = stripes;
        this.slowNanos = policy.slowCall().toNanos();
        this.phase = new Phase.Closed(0, window(policy, stripes, time.nanoTime()), Change.NONE);
    }

    private static OutcomeWindow window(CircuitBreakerPolicy policy, int stripes, long now) {
        return policy.windowCalls() == 0
                ? new TimeWindow(policy.window().toNanos(), stripes, now)
                : new CountWindow(policy.windowCalls(), stripes, now);
    }

    /** True where {@link #tryAcquire()} would let a call pass: what balancers look at before they pick. */
    public boolean available() {
        return available(time.nanoTime());
    }

    /** The same, at that reading of the clock. */
    public boolean available(long now) {
        return switch (phase) {
            case Phase.Closed _ -> true;
            case Phase.Open open -> open.untilNanos - now <= 0;
            case Phase.HalfOpen half -> half.admits(policy.halfOpenCalls(), now);
            case Phase.Forced forced -> forced.mode == Mode.DISABLED;
        };
    }

    /**
     * Asks to make a call.
     *
     * @return the admission to report the outcome with, or {@link #REFUSED}
     */
    public long tryAcquire() {
        return phase instanceof Phase.Closed closed ? closed.epoch : tryAcquire(time.nanoTime());
    }

    /** The same, at that reading of the clock. */
    public long tryAcquire(long now) {
        return phase instanceof Phase.Closed closed ? closed.epoch : tryAcquireTrial(now);
    }

    private long tryAcquireTrial(long now) {
        while (true) {
            Phase before = phase;
            switch (before) {
                case Phase.Closed closed -> {
                    return closed.epoch;
                }
                case Phase.Forced forced -> {
                    return forced.mode == Mode.DISABLED ? forced.epoch : REFUSED;
                }
                case Phase.Open open -> {
                    if (open.at(now) instanceof Phase.HalfOpen half) {
                        Phase.HalfOpen admitted = half.admit(now, leaseNanos());
                        if (swap(before, admitted)) {
                            return admitted.epoch;
                        }
                    } else {
                        return REFUSED;
                    }
                }
                case Phase.HalfOpen half -> {
                    if (!half.admits(policy.halfOpenCalls(), now)) {
                        return REFUSED;
                    }
                    Phase.HalfOpen admitted = half.admit(now, leaseNanos());
                    if (swap(before, admitted)) {
                        return admitted.epoch;
                    }
                }
            }
        }
    }

    private long leaseNanos() {
        return policy.openMax().toNanos();
    }

    /** Reports that the call of that admission went well, however long it took. */
    public void succeeded(long admission) {
        succeeded(admission, time.nanoTime(), 0);
    }

    /** Reports that the call of that admission went well, at that reading of the clock, after so many nanoseconds. */
    public void succeeded(long admission, long now, long durationNanos) {
        if (durationNanos < slowNanos && phase instanceof Phase.Closed closed && closed.epoch == admission) {
            closed.window.succeeded(now);
        } else {
            lastSuccessNanos = OutcomeWindow.later(lastSuccessNanos, now);
            ended(admission, false, durationNanos >= slowNanos, now);
        }
    }

    /** Reports that the call of that admission failed and the service is to blame, however long it took. */
    public void failed(long admission) {
        failed(admission, time.nanoTime(), 0);
    }

    /** Reports that the call failed and the service is to blame, at that reading, after so many nanoseconds. */
    public void failed(long admission, long now, long durationNanos) {
        lastFailureNanos = OutcomeWindow.later(lastFailureNanos, now);
        ended(admission, true, durationNanos >= slowNanos, now);
    }

    private void ended(long admission, boolean failed, boolean slow, long now) {
        switch (phase) {
            case Phase.Closed closed -> {
                if (closed.epoch == admission) {
                    String reason = judged(closed.window.add(failed, slow, now));
                    if (!reason.isEmpty()) {
                        open(closed, 1, reason, now);
                    }
                }
            }
            case Phase.HalfOpen _ -> trialEnded(admission, failed, slow, now);
            case Phase.Open _, Phase.Forced _ -> {} // what began before has no say
        }
    }

    /** Why that is too bad; empty where it is not. Divided and not multiplied, so that 7 of 100 are exactly 0.07. */
    private String judged(OutcomeWindow.Counts counts) {
        if (counts.failuresInRow() >= policy.consecutiveFailures()) {
            return counts.failuresInRow() + " failures in a row";
        }
        if (counts.calls() < policy.minimumCalls()) {
            return "";
        }
        if (counts.failures() > 0 && (double) counts.failures() / counts.calls() >= policy.failureRate()) {
            return counts.failures() + " of " + counts.calls() + " calls failed";
        }
        if (counts.slow() > 0 && (double) counts.slow() / counts.calls() >= policy.slowRate()) {
            return counts.slow() + " of " + counts.calls() + " calls were slow";
        }
        return "";
    }

    private void trialEnded(long admission, boolean failed, boolean slow, long now) {
        while (phase instanceof Phase.HalfOpen half && half.waitsFor(admission, now)) {
            if (failed || slow) {
                if (open(half, half.openings + 1, failed ? "a trial failed" : "a trial was slow", now)) {
                    return;
                }
            } else {
                Phase.HalfOpen better = half.without(admission, 1);
                boolean enough = better.succeeded == policy.halfOpenCalls();
                if (swap(half, enough ? closed(half, now, closedBecause()) : better)) {
                    return;
                }
            }
        }
    }

    private String closedBecause() {
        return policy.halfOpenCalls() == 1 ? "the trial went well" : policy.halfOpenCalls() + " trials went well";
    }

    /** Gives an admission back unused, or with an outcome that says nothing about the service. */
    public void ignored(long admission) {
        // A trial's place is free again at once; one that has lost it to time is not waited for any longer.
        while (phase instanceof Phase.HalfOpen half) {
            Phase.HalfOpen without = half.without(admission, 0);
            if (without.awaited.size() == half.awaited.size() || swap(half, without)) {
                return;
            }
        }
    }

    private boolean open(Phase before, int openings, String reason, long now) {
        long until = now + spread(openNanos(openings));
        return swap(before, new Phase.Open(before.epoch() + 1, until, openings, new Change(now, reason)));
    }

    private long openNanos(int openings) {
        double grown = (double) policy.open().toNanos() * Math.pow(2, openings - 1.0);
        return (long) Math.min(grown, (double) policy.openMax().toNanos());
    }

    private long spread(long nanos) {
        long eighth = nanos / 8;
        long spread = nanos - eighth + Jitter.FULL.spread(2 * eighth, random);
        return Math.min(spread, policy.openMax().toNanos());
    }

    private Phase closed(Phase before, long now, String reason) {
        return new Phase.Closed(before.epoch() + 1, window(policy, stripes, now), new Change(now, reason));
    }

    /** Refuses every call until {@link #automatic}, {@link #reset} or {@link #disable}. */
    public void forceOpen() {
        force(Mode.FORCED_OPEN, "forced open by hand");
    }

    /** Lets every call pass, whatever becomes of it, until {@link #automatic}, {@link #reset} or {@link #forceOpen}. */
    public void disable() {
        force(Mode.DISABLED, "disabled by hand");
    }

    private void force(Mode mode, String reason) {
        Phase before;
        do {
            before = phase;
        } while (before.mode() != mode
                && !swap(before, new Phase.Forced(before.epoch() + 1, mode, new Change(time.nanoTime(), reason))));
    }

    /** Leaves it to outcomes again, beginning closed, where it was forced open or disabled; otherwise does nothing. */
    public void automatic() {
        Phase before;
        do {
            before = phase;
        } while (before.mode() != Mode.AUTOMATIC && !swap(before, closed(before, time.nanoTime(), "automatic again")));
    }

    /** Closes the breaker, in automatic mode, and forgets what it counted. */
    public void reset() {
        Phase before;
        do {
            before = phase;
        } while (!swap(before, closed(before, time.nanoTime(), "reset by hand")));
    }

    /** The one place where phases change, and tell of it. */
    private boolean swap(Phase before, Phase after) {
        if (!PHASE.compareAndSet(this, before, after)) {
            return false;
        }
        if (before instanceof Phase.Closed closed) {
            lastSuccessNanos = OutcomeWindow.later(lastSuccessNanos, closed.window.lastSuccess());
        }
        if (before.state() != after.state() || before.mode() != after.mode()) {
            listener.changed(before.state(), after.state(), after.change().reason());
        }
        return true;
    }

    /** The state now. An open breaker whose time is up is half-open, even while nobody calls. */
    public State state() {
        return phaseAt(time.nanoTime()).state();
    }

    private Phase phaseAt(long now) {
        Phase seen = phase;
        return seen instanceof Phase.Open open ? open.at(now) : seen;
    }

    /** How the breaker stands now. */
    public Snapshot snapshot() {
        long now = time.nanoTime();
        Phase seen = phaseAt(now);
        long lastSuccess = lastSuccessNanos;
        var counts = new OutcomeWindow.Counts(0, 0, 0, 0);
        if (seen instanceof Phase.Closed closed) {
            counts = closed.window.counts(now);
            lastSuccess = OutcomeWindow.later(lastSuccess, closed.window.lastSuccess());
        }
        return new Snapshot(
                seen.state(),
                seen.mode(),
                counts.calls() - counts.failures(),
                counts.failures(),
                counts.slow(),
                wallClock(lastSuccess, now),
                wallClock(lastFailureNanos, now),
                policy.consecutiveFailures(),
                Duration.ofNanos(openNanos(seen.openings())),
                wallClock(seen.change().nanos, now),
                seen.change().reason);
    }

    private Optional<Instant> wallClock(long nanos, long now) {
        return nanos == OutcomeWindow.NEVER
                ? Optional.empty()
                : Optional.of(time.instant().minusNanos(now - nanos));
    }
}
