package dev.treaty.resilience;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.Fault;
import dev.treaty.core.event.BackgroundThread;
import dev.treaty.core.event.Events;
import dev.treaty.core.time.Time;
import dev.treaty.resilience.breaker.CountWindow;
import dev.treaty.resilience.breaker.OutcomeWindow;
import dev.treaty.resilience.breaker.TimeWindow;
import dev.treaty.resilience.internal.Stripes;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Stops calls to a service that keeps failing or has become slow, and lets a few trial calls find out whether it has
 * recovered.
 *
 * <p>A closed breaker counts outcomes and opens when too many are bad. An open breaker refuses calls for a while. Then
 * it is half-open: a few trials at a time pass; if enough of them succeed it closes, and if one fails it opens for
 * longer. An operator can {@linkplain #forceOpen force it open} or {@linkplain #disable disable} it, or its policy can
 * do so; then these methods and {@link #reset} have no effect.
 *
 * <p>Two rules make it correct. Each admission carries the <em>epoch</em> in which it was given, and an outcome counts
 * only in its own epoch: a success that began before the breaker opened cannot close it. And a trial is a
 * <em>lease</em>: when it expires without an outcome the next trial may pass, so that a lost permit cannot keep the
 * breaker half-open forever. The outcome of an expired trial still counts for a hundred leases while the breaker is
 * half-open, so that calls longer than a lease cannot keep it half-open forever either.
 *
 * <p>Each admission is reported once, as succeeded, failed or ignored; {@link #ended} decides by the fault of a call:
 *
 * <pre>{@code
 * long admission = breaker.tryAcquire();
 * if (admission == CircuitBreaker.REFUSED) {
 *     return refusal;
 * }
 * }</pre>
 *
 * <p>A breaker is thread-safe. The methods with a {@code now} take a reading of {@link Time#nanoTime}, so that
 * all policies around a call share two readings. A successful call through a closed breaker costs one uncontended
 * atomic addition and allocates nothing, nor does a refusal.
 *
 * @see <a href="https://martinfowler.com/bliki/CircuitBreaker.html">CircuitBreaker</a>
 */
public final class CircuitBreaker {
    /** Returned by {@link #tryAcquire()} if the call must not be made. */
    public static final long REFUSED = -1;

    /** For how many leases the outcome of a trial counts, which bounds the number of remembered trials. */
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

    /** Whether the outcomes of calls or an operator determine the state. */
    public enum Mode {
        /** The outcomes of calls. */
        AUTOMATIC,
        /** An operator has forced it open; outcomes have no effect. */
        FORCED_OPEN,
        /** An operator has disabled it: every call passes, and outcomes have no effect. */
        DISABLED
    }

    /** Receives every change of state or mode. What it throws is logged, and changes neither the breaker nor a call. */
    @FunctionalInterface
    public interface Listener {
        /** The breaker changed from one state to another; if both are equal, only its mode changed. */
        void changed(State before, State after, String reason);
    }

    /**
     * The state of a breaker at one moment.
     *
     * @param state the current state
     * @param mode what determines the state
     * @param successes successes within the window; 0 unless the breaker is closed
     * @param failures failures within the window
     * @param slow slow calls within the window, successful or failed
     * @param lastSuccess when the last success was reported
     * @param lastFailure when the last failure was reported
     * @param threshold how many failures in a row open it
     * @param timeout how long it stays open this time, or would the next time, before jitter
     * @param lastStateChange when it last changed or was reset; empty if it never was
     * @param reason why it changed; empty if it never did
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

    /** A state with its data. Admissions are numbered by epoch, and no number is used twice. */
    private sealed interface Phase {
        long epoch();

        Change change();

        default State state() {
            return switch (this) {
                case Closed _ -> State.CLOSED;
                case Open _ -> State.OPEN;
                case HalfOpen _ -> State.HALF_OPEN;
                case Forced forced -> forced.mode == Mode.FORCED_OPEN ? State.OPEN : State.CLOSED;
            };
        }

        default Mode mode() {
            return Mode.AUTOMATIC;
        }

        /** How often it has opened without recovery, including the current or the next time. */
        default int openings() {
            return 1;
        }

        /** All calls of this epoch have the same admission, since there may be millions of them. */
        record Closed(long epoch, OutcomeWindow window, Change change) implements Phase {}

        record Open(long epoch, long untilNanos, int openings, Change change) implements Phase {
            /** Returns this phase, or the half-open phase that follows it if its time is up. */
            Phase at(long now) {
                return untilNanos - now > 0
                        ? this
                        : new HalfOpen(epoch, List.of(), 0, openings, new Change(untilNanos, TIME_IS_UP));
            }
        }

        /** Each trial is an epoch of its own; {@code epoch} is that of the latest. */
        record HalfOpen(long epoch, List<Trial> awaited, int succeeded, int openings, Change change) implements Phase {
            boolean admits(int trials, long now) {
                int taken = succeeded;
                for (int i = 0; i < awaited.size(); i++) { // no iterator: a refusal allocates nothing
                    taken += awaited.get(i).leased(now) ? 1 : 0;
                }
                return taken < trials;
            }

            HalfOpen admit(long now, long leaseNanos) {
                var next = new Trial(epoch + 1, now + leaseNanos, now + OUTCOME_LEASES * leaseNanos);
                List<Trial> all = Stream.concat(awaited.stream().filter(trial -> trial.counts(now)), Stream.of(next))
                        .toList();
                return new HalfOpen(next.epoch, all, succeeded, openings, change);
            }

            boolean awaits(long admission, long now) {
                return awaited.stream().anyMatch(trial -> trial.epoch == admission && trial.counts(now));
            }

            HalfOpen without(long admission, int newSuccesses) {
                List<Trial> others = awaited.stream()
                        .filter(trial -> trial.epoch != admission)
                        .toList();
                return new HalfOpen(epoch, others, succeeded + newSuccesses, openings, change);
            }
        }

        record Forced(long epoch, Mode mode, Change change) implements Phase {}
    }

    /** A trial whose outcome has not been reported. */
    private record Trial(long epoch, long leaseEndNanos, long outcomeEndNanos) {
        /** Whether it prevents the next trial. */
        boolean leased(long now) {
            return leaseEndNanos - now > 0;
        }

        /** Whether its outcome would count. */
        boolean counts(long now) {
            return outcomeEndNanos - now > 0;
        }
    }

    private static final String TIME_IS_UP = "the open time is over, trials pass";
    private static final AtomicReferenceFieldUpdater<CircuitBreaker, Phase> PHASE =
            AtomicReferenceFieldUpdater.newUpdater(CircuitBreaker.class, Phase.class, "phase");

    private final CircuitBreakerPolicy policy;
    private final Time time;
    private final RandomGenerator random;
    private final Listener listener;
    private final int stripes;
    private final long slowNanos;

    /** Changed only by compare-and-set, through {@link #PHASE}; an AtomicReference would add a cache line per call. */
    private volatile Phase phase;

    /** Of the successes that no current window holds: those of trials, of slow calls and of earlier windows. */
    private volatile long lastSuccessNanos = OutcomeWindow.NEVER;

    private volatile long lastFailureNanos = OutcomeWindow.NEVER;

    /** Creates a closed breaker. */
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
        this.phase = initial(0);
    }

    /**
     * Returns a breaker with another policy to replace this one. It is closed, unless the policy forces it, or this one
     * has been forced open or disabled by {@link #forceOpen} or {@link #disable}; outcomes of this one's admissions do
     * not count for it.
     */
    public CircuitBreaker with(CircuitBreakerPolicy changed) {
        var next = new CircuitBreaker(changed, time, random, listener, stripes);
        Phase current = phase;
        long epoch = current.epoch() + 1;
        boolean byPolicy = policy.forced() != CircuitBreakerPolicy.Forced.NONE
                || changed.forced() != CircuitBreakerPolicy.Forced.NONE;
        next.phase = !byPolicy && current instanceof Phase.Forced(var _, var mode, var change)
                ? new Phase.Forced(epoch, mode, change)
                : next.initial(epoch);
        return next;
    }

    /** Returns whether an operator has forced it open, so that it refuses every call. */
    public boolean forcedOpen() {
        return phase instanceof Phase.Forced(var _, var mode, var _) && mode == Mode.FORCED_OPEN;
    }

    /** The phase in which it begins. */
    private Phase initial(long epoch) {
        long now = time.nanoTime();
        return switch (policy.forced()) {
            case NONE -> new Phase.Closed(epoch, window(now), Change.NONE);
            case OPEN -> new Phase.Forced(epoch, Mode.FORCED_OPEN, new Change(now, "forced open by the settings"));
            case CLOSED -> new Phase.Forced(epoch, Mode.DISABLED, new Change(now, "forced closed by the settings"));
        };
    }

    private OutcomeWindow window(long now) {
        return policy.windowCalls() == 0
                ? new TimeWindow(policy.window().toNanos(), stripes, now)
                : new CountWindow(policy.windowCalls(), stripes, now);
    }

    /** Returns whether {@link #tryAcquire(long)} would admit a call, for load balancing. */
    public boolean available(long now) {
        return switch (phase) {
            case Phase.Closed _ -> true;
            case Phase.Open open -> open.untilNanos - now <= 0;
            case Phase.HalfOpen half -> half.admits(policy.halfOpenCalls(), now);
            case Phase.Forced forced -> forced.mode == Mode.DISABLED;
        };
    }

    /**
     * Asks for permission to make a call.
     *
     * @return the admission, to report the outcome with, or {@link #REFUSED}
     */
    public long tryAcquire() {
        return phase instanceof Phase.Closed closed ? closed.epoch : tryAcquireTrial(time.nanoTime());
    }

    /** Asks for permission to make a call, at a reading of the clock. */
    public long tryAcquire(long now) {
        return phase instanceof Phase.Closed closed ? closed.epoch : tryAcquireTrial(now);
    }

    private long tryAcquireTrial(long now) {
        while (true) {
            Phase before = phase;
            switch (before instanceof Phase.Open open ? open.at(now) : before) {
                case Phase.Closed closed -> {
                    return closed.epoch;
                }
                case Phase.Forced forced -> {
                    return forced.mode == Mode.DISABLED ? forced.epoch : REFUSED;
                }
                case Phase.Open _ -> {
                    return REFUSED;
                }
                case Phase.HalfOpen half -> {
                    if (!half.admits(policy.halfOpenCalls(), now)) {
                        return REFUSED;
                    }
                    Phase.HalfOpen admitted = half.admit(now, policy.openMax().toNanos());
                    if (swap(before, admitted)) {
                        return admitted.epoch;
                    }
                }
            }
        }
    }

    /**
     * Reports how an admitted call ended. A fault counts as a failure if it blames the instance and as a success
     * otherwise, since the service answered; a canceled call is ignored, and one that was refused before it was sent.
     *
     * @param fault the fault of the call, or null if it succeeded
     * @param startNanos the reading of the clock at which it was admitted
     * @param now the reading of the clock at its end
     */
    public void ended(long admission, @Nullable Fault fault, long startNanos, long now) {
        if (fault == null) {
            succeeded(admission, now, now - startNanos);
        } else if (fault.isInstanceFailure()) {
            failed(admission, now, now - startNanos);
        } else if (fault.reached() && fault.code() != Code.CANCELED) {
            succeeded(admission, now, now - startNanos);
        } else {
            ignored(admission);
        }
    }

    /** Reports a success, regardless of its duration. */
    public void succeeded(long admission) {
        succeeded(admission, time.nanoTime(), 0);
    }

    /** Reports a success at a reading of the clock. */
    public void succeeded(long admission, long now, long durationNanos) {
        if (durationNanos < slowNanos && phase instanceof Phase.Closed closed && closed.epoch == admission) {
            closed.window.succeeded(now);
        } else {
            lastSuccessNanos = OutcomeWindow.later(lastSuccessNanos, now);
            count(admission, false, durationNanos >= slowNanos, now);
        }
    }

    /** Reports a failure that the service is to blame for, regardless of its duration. */
    public void failed(long admission) {
        failed(admission, time.nanoTime(), 0);
    }

    /** Reports a failure that the service is to blame for, at a reading of the clock. */
    public void failed(long admission, long now, long durationNanos) {
        lastFailureNanos = OutcomeWindow.later(lastFailureNanos, now);
        count(admission, true, durationNanos >= slowNanos, now);
    }

    private void count(long admission, boolean failed, boolean slow, long now) {
        switch (phase) {
            case Phase.Closed closed -> {
                if (closed.epoch == admission) {
                    String reason = reasonToOpen(closed.window.add(failed, slow, now));
                    if (!reason.isEmpty()) {
                        open(closed, 1, reason, now);
                    }
                }
            }
            case Phase.HalfOpen _ -> trialEnded(admission, failed, slow, now);
            case Phase.Open _, Phase.Forced _ -> {} // calls of an earlier epoch do not count
        }
    }

    /** Returns why the breaker opens, or an empty text. Divides instead of multiplying: 7 of 100 are exactly 0.07. */
    private String reasonToOpen(OutcomeWindow.Counts counts) {
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
        while (phase instanceof Phase.HalfOpen half && half.awaits(admission, now)) {
            boolean swapped;
            if (failed || slow) {
                swapped = open(half, half.openings + 1, failed ? "a trial failed" : "a trial was slow", now);
            } else {
                Phase.HalfOpen better = half.without(admission, 1);
                int trials = policy.halfOpenCalls();
                String reason = trials == 1 ? "the trial succeeded" : trials + " trials succeeded";
                swapped = swap(half, better.succeeded == trials ? closed(half, now, reason) : better);
            }
            if (swapped) {
                return;
            }
        }
    }

    /** Returns an admission unused, or reports an outcome that indicates nothing about the service. */
    public void ignored(long admission) {
        // A trial ends its lease; the outcome of one whose lease had expired no longer counts.
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
        return new Phase.Closed(before.epoch() + 1, window(now), new Change(now, reason));
    }

    /** Refuses every call until {@link #automatic}, {@link #reset} or {@link #disable}. */
    public void forceOpen() {
        change(Mode.FORCED_OPEN, "forced open by an operator", false);
    }

    /** Admits every call, whatever its outcome, until {@link #automatic}, {@link #reset} or {@link #forceOpen}. */
    public void disable() {
        change(Mode.DISABLED, "disabled by an operator", false);
    }

    /** Ends {@link #forceOpen} or {@link #disable}: outcomes determine the state again, starting closed. */
    public void automatic() {
        change(Mode.AUTOMATIC, "automatic again", false);
    }

    /** Closes the breaker, in automatic mode, and clears its window. */
    public void reset() {
        change(Mode.AUTOMATIC, "reset by an operator", true);
    }

    private void change(Mode mode, String reason, boolean anew) {
        if (policy.forced() != CircuitBreakerPolicy.Forced.NONE) {
            return; // as long as the policy says so
        }
        Phase before;
        Phase after;
        do {
            before = phase;
            long now = time.nanoTime();
            after = mode == Mode.AUTOMATIC
                    ? closed(before, now, reason)
                    : new Phase.Forced(before.epoch() + 1, mode, new Change(now, reason));
        } while ((anew || before.mode() != mode) && !swap(before, after));
    }

    /** Changes the phase, the only place to do so, and notifies the listener. */
    private boolean swap(Phase before, Phase after) {
        if (!PHASE.compareAndSet(this, before, after)) {
            return false;
        }
        if (before instanceof Phase.Closed closed) {
            lastSuccessNanos = OutcomeWindow.later(lastSuccessNanos, closed.window.lastSuccess());
        }
        if (before.state() != after.state() || before.mode() != after.mode()) {
            try {
                listener.changed(before.state(), after.state(), after.change().reason());
            } catch (Throwable e) { // of any kind: a listener never decides what happens to a call
                BackgroundThread.report("the listener of a circuit breaker", Events.NONE, e);
            }
        }
        return true;
    }

    /** Returns the current state. An open breaker whose open time is over is half-open, even if no call is made. */
    public State state() {
        return phaseAt(time.nanoTime()).state();
    }

    private Phase phaseAt(long now) {
        Phase current = phase;
        return current instanceof Phase.Open open ? open.at(now) : current;
    }

    /** Returns the current state with its data. */
    public Snapshot snapshot() {
        long now = time.nanoTime();
        Phase current = phaseAt(now);
        long lastSuccess = lastSuccessNanos;
        var counts = new OutcomeWindow.Counts(0, 0, 0, 0);
        if (current instanceof Phase.Closed closed) {
            counts = closed.window.counts(now);
            lastSuccess = OutcomeWindow.later(lastSuccess, closed.window.lastSuccess());
        }
        return new Snapshot(
                current.state(),
                current.mode(),
                counts.calls() - counts.failures(),
                counts.failures(),
                counts.slow(),
                wallClock(lastSuccess, now),
                wallClock(lastFailureNanos, now),
                policy.consecutiveFailures(),
                Duration.ofNanos(openNanos(current.openings())),
                wallClock(current.change().nanos, now),
                current.change().reason);
    }

    private Optional<Instant> wallClock(long nanos, long now) {
        return nanos == OutcomeWindow.NEVER
                ? Optional.empty()
                : Optional.of(time.instant().minusNanos(now - nanos));
    }
}
