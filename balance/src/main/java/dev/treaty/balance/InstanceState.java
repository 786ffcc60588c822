package dev.treaty.balance;

import dev.treaty.core.call.Exclusion;
import dev.treaty.core.call.Exclusion.Reason;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The state of one instance as this client sees it: its health, its ejection, and its progress in the slow start. It is
 * written by its {@link BalancedInstances} alone, one thread at a time, and read by any thread.
 *
 * <p>The result of probes is read from the counters of the {@link Load}, so calls report to no other place.
 */
final class InstanceState {
    /** What the last {@link #refresh} found. */
    private sealed interface Status {
        /** It gets its share of the calls. */
        record Healthy() implements Status {}

        /** It was unhealthy; the calls it gets test whether it still is. */
        record Probing() implements Status {}

        /** It gets no calls, unless too many instances are unhealthy. */
        record Excluded(Exclusion exclusion) implements Status {}
    }

    /** Whether outlier detection has ejected it. */
    private sealed interface Ejection {
        record None() implements Ejection {}

        /** It gets no calls until then. */
        record Ejected(long untilNanos, String reason) implements Ejection {}

        /** It gets this number of probe calls, one at a time, until one fails; counted from these counters. */
        record Probation(long ended, long failures, int calls) implements Ejection {}
    }

    private static final Status HEALTHY = new Status.Healthy();
    private static final Status PROBING = new Status.Probing();
    private static final Ejection NONE = new Ejection.None();

    /** The number of intervals for which calls are accumulated; older calls are discarded. */
    private static final int INTERVALS_MAX = 60;

    final BalancedInstance member;
    final String id;

    /** A hash of its id, the same in every process. */
    final long hash;

    /** The share that its slow start has reached; 1 for a warm instance. */
    volatile float ramp = 1;

    /** Whether it is unhealthy because it has probably ended; see {@link BalancedInstance#gone}. */
    volatile boolean gone;

    /** The part of it that belongs to this client's subset, from 0 to 1. */
    volatile float part = 1;

    private final long firstSeenNanos;
    private volatile Status status = HEALTHY;
    private volatile Ejection ejection = NONE;
    private int ejections;
    private long ejectionEndedNanos;
    private long recoveredNanos = Long.MIN_VALUE;

    /** What the latest snapshot was made of. */
    private @Nullable Status shownStatus;

    private float shownRamp = Float.NaN;
    private boolean shownGone;

    /** The counters at the last comparison. */
    private long comparedEnded;

    private long comparedFailures;
    private long comparedSlow;
    private long comparedNanos;

    /** The calls since the last comparison. */
    record Window(long calls, long failures, long slow) {
        double successRate() {
            return 1 - (double) failures / calls;
        }

        double slowRate() {
            return (double) slow / calls;
        }
    }

    InstanceState(BalancedInstance member, long nowNanos) {
        this.member = member;
        this.id = member.instance().id();
        this.hash = HashPolicy.of(id);
        this.firstSeenNanos = nowNanos;
        this.ejectionEndedNanos = nowNanos;
        startWindow(nowNanos);
    }

    Load load() {
        return member.load();
    }

    boolean inSubset() {
        return part > 0;
    }

    /** Why it gets no calls; null if it gets calls. */
    @Nullable
    Exclusion exclusion() {
        return status instanceof Status.Excluded(var exclusion) ? exclusion : null;
    }

    /** Why it is not in the subset of a call. */
    Exclusion exclusionFromSubset() {
        Exclusion known = exclusion();
        return known != null ? known : Exclusion.of(id, inSubset() ? Reason.NOT_ROUTED : Reason.NOT_IN_SUBSET);
    }

    /**
     * Returns true if an instance that is excluded for that reason is unhealthy, rather than not meant to be called.
     */
    static boolean unhealthy(Reason reason) {
        return switch (reason) {
            case UNHEALTHY, BREAKER_OPEN, EJECTED, ON_TRIAL -> true;
            default -> false;
        };
    }

    private static boolean unhealthy(Status status) {
        return switch (status) {
            case Status.Healthy _ -> false;
            case Status.Probing _ -> true;
            case Status.Excluded(var exclusion) -> unhealthy(exclusion.reason());
        };
    }

    /** Returns true if it is unhealthy, or was and is being probed. */
    boolean unhealthy() {
        return unhealthy(status);
    }

    /** Returns true if it gets calls, or would get them if it were healthy. */
    boolean eligible() {
        return !(status instanceof Status.Excluded) || unhealthy();
    }

    /** Returns true if it gets its share of the calls, or that of its slow start. */
    boolean healthy() {
        return status instanceof Status.Healthy;
    }

    /** Its share of calls; while it is probed, whether it accepts a call is checked for each pick. */
    float weight(boolean panic) {
        Exclusion excluded = exclusion();
        boolean picked =
                excluded == null || excluded.reason() == Reason.ON_TRIAL || (panic && unhealthy(excluded.reason()));
        return picked ? ramp : 0;
    }

    /** Returns true if an instance that is or was unhealthy accepts a call at this moment. */
    boolean acceptsCalls(long nowNanos) {
        return member.exclusion(nowNanos) == null
                && switch (ejection) {
                    case Ejection.None _ -> true;
                    case Ejection.Ejected _ -> false;
                    case Ejection.Probation(var ended, var failures, var calls) ->
                        load().inFlight() == 0 && load().failures() == failures && load().ended() - ended < calls;
                };
    }

    /** The calls since the last comparison. */
    Window window() {
        return new Window(
                load().ended() - comparedEnded,
                load().failures() - comparedFailures,
                load().slowCalls() - comparedSlow);
    }

    /** Returns true if its window is so old that it is discarded, even with too few calls. */
    boolean windowExpired(EjectionPolicy policy, long nowNanos) {
        return nowNanos - comparedNanos >= policy.interval().toNanos() * INTERVALS_MAX;
    }

    /** Starts a new window: earlier calls are not compared again. */
    void startWindow(long nowNanos) {
        comparedNanos = nowNanos;
        comparedEnded = load().ended();
        comparedFailures = load().failures();
        comparedSlow = load().slowCalls();
    }

    boolean ejected() {
        return !(ejection instanceof Ejection.None);
    }

    /** Ejects it. Repeated ejections last longer; one is forgotten for each ejection time without another. */
    void eject(String reason, EjectionPolicy policy, long nowNanos, RandomGenerator random) {
        if (!ejected()) {
            long calm =
                    Math.max(0, nowNanos - ejectionEndedNanos) / policy.time().toNanos();
            ejections = (int) Math.max(0, ejections - calm);
        }
        ejections++;
        double grown = (double) policy.time().toNanos() * ejections;
        long nanos = (long) Math.min((double) policy.timeMax().toNanos(), grown);
        // With jitter: instances that were ejected together do not return together.
        long jittered = nanos - nanos / 8 + (long) (random.nextDouble() * (nanos / 4.0));
        ejection = new Ejection.Ejected(nowNanos + jittered, reason);
        startWindow(nowNanos);
    }

    /**
     * Applies the state transition of its ejection that is due, if any. Probation starts when no earlier call is in
     * flight; in a panic calls continue all the time, and it does not wait for that.
     *
     * @return why it was ejected again or has returned; null if neither happened
     */
    @Nullable
    String advance(EjectionPolicy policy, boolean panic, long nowNanos, RandomGenerator random) {
        if (ejected() && !policy.enabled()) {
            return endEjection("ejection was switched off", nowNanos);
        }
        switch (ejection) {
            case Ejection.Ejected(var until, var _) -> {
                if (until - nowNanos <= 0 && (panic || load().inFlight() == 0)) {
                    ejection = new Ejection.Probation(load().ended(), load().failures(), policy.probeCalls());
                }
            }
            case Ejection.Probation(var ended, var failures, var calls) -> {
                if (load().failures() != failures) {
                    eject("a probe failed", policy, nowNanos, random);
                    return "a probe failed";
                }
                if (load().ended() - ended >= calls) {
                    return endEjection("it answered " + calls + " probe calls", nowNanos);
                }
            }
            case Ejection.None _ -> {}
        }
        return null;
    }

    private String endEjection(String reason, long nowNanos) {
        ejection = NONE;
        ejectionEndedNanos = nowNanos;
        startWindow(nowNanos);
        return reason;
    }

    /** Determines its status and its share of the slow start. */
    void refresh(SlowStartPolicy slowStart, long nowNanos, Instant now) {
        Status found = find(nowNanos);
        if (found instanceof Status.Healthy && unhealthy()) {
            recoveredNanos = nowNanos;
        }
        status = found;
        gone = unhealthy() && member.gone();
        ramp = (float) slowStart.share(age(nowNanos, now));
        if (!healthy()) {
            load().state(Load.UNHEALTHY);
        }
    }

    private Status find(long nowNanos) {
        Reason reason = member.exclusion(nowNanos);
        if (reason != null) {
            return excluded(reason, "");
        }
        return switch (ejection) {
            case Ejection.None _ -> member.probing() ? PROBING : HEALTHY;
            case Ejection.Ejected(var _, var why) -> excluded(Reason.EJECTED, why);
            case Ejection.Probation _ -> load().inFlight() > 0 ? excluded(Reason.ON_TRIAL, "") : PROBING;
        };
    }

    /** Reuses the current status if it is the same. */
    private Status excluded(Reason reason, String detail) {
        Exclusion known = exclusion();
        return known != null && known.reason() == reason && known.detail().equals(detail)
                ? status
                : new Status.Excluded(new Exclusion(id, reason, detail));
    }

    /** Returns true if it has changed since the last call of this method, so that a new snapshot is needed. */
    boolean changed() {
        boolean same = status.equals(shownStatus) && ramp == shownRamp && gone == shownGone;
        shownStatus = status;
        shownRamp = ramp;
        shownGone = gone;
        return !same;
    }

    /** The time since it recovered, or since it started according to its own clock. */
    private long age(long nowNanos, Instant now) {
        if (recoveredNanos != Long.MIN_VALUE) {
            return nowNanos - recoveredNanos;
        }
        // Its clock may be wrong, but it is at least as old as it has been known.
        Instant started = member.instance().startedAt();
        long seconds = Math.clamp(now.getEpochSecond() - started.getEpochSecond(), -1, PolicyChecks.DAY.toSeconds());
        long own = TimeUnit.SECONDS.toNanos(seconds) + now.getNano() - started.getNano();
        return Math.max(own, nowNanos - firstSeenNanos);
    }
}
