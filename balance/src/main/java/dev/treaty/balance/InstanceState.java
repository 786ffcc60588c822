package dev.treaty.balance;

import dev.treaty.core.call.Exclusion;
import dev.treaty.core.call.Exclusion.Reason;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * How one instance stands with this client: well, ejected or on trial, and how far its slow start has come. Written by
 * its {@link BalancedInstances} alone, one thread at a time; read by any.
 *
 * <p>How a trial goes is read off the counters of its {@link Load}, so that calls need not report to anyone else.
 */
final class InstanceState {
    /** Where it is between well and ejected. */
    private sealed interface Phase {
        /** It gets calls like the others. */
        record Well() implements Phase {}

        /** It gets none until then. */
        record Ejected(long untilNanos, String reason) implements Phase {}

        /** It gets one call at a time, so many in all, until one of them fails; counted from these figures. */
        record Trial(long ended, long failures, int calls) implements Phase {}
    }

    private static final Phase WELL = new Phase.Well();

    /** For so many looks calls are gathered to be judged; what is older is no reason. */
    private static final int LOOKS_MAX = 60;

    private final BalancedInstance member;
    private final String id;
    private final long hash;
    private final long firstSeenNanos;
    private volatile Phase phase = WELL;
    private volatile float ramp = 1;
    private volatile @Nullable Exclusion exclusion;
    private int ejections;
    private long calmSinceNanos;
    private long backSinceNanos;
    private boolean wasSick;
    private boolean inSubset = true;

    /** What the newest snapshot was made of. */
    private @Nullable Exclusion shownExclusion;

    private float shownRamp = Float.NaN;
    private boolean shownSick;

    /** What was counted when it was judged last. */
    private long judgedEnded;

    private long judgedFailures;
    private long judgedSlow;
    private long judgedNanos;

    /** The calls since then, and how many of them were bad. */
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
        this.backSinceNanos = Long.MIN_VALUE;
        this.calmSinceNanos = nowNanos;
        judged(nowNanos);
    }

    BalancedInstance member() {
        return member;
    }

    Load load() {
        return member.load();
    }

    String id() {
        return id;
    }

    /** A hash of its id, the same in every process. */
    long hash() {
        return hash;
    }

    /** The share that its slow start has come to, 1 where it is warm. */
    float ramp() {
        return ramp;
    }

    void ramp(float changed) {
        ramp = changed;
    }

    boolean inSubset() {
        return inSubset;
    }

    void inSubset(boolean changed) {
        inSubset = changed;
    }

    /** Why it gets no calls; null where it gets them. */
    @Nullable
    Exclusion exclusion() {
        return exclusion;
    }

    /** Why it is not among the instances that a call may be for. */
    Exclusion left() {
        Exclusion known = exclusion;
        return known != null ? known : Exclusion.of(id, inSubset ? Reason.NOT_ROUTED : Reason.NOT_IN_SUBSET);
    }

    /** Whether an instance that is left out for that reason is sick, rather than not meant to be called. */
    static boolean sick(Reason reason) {
        return switch (reason) {
            case UNHEALTHY, BREAKER_OPEN, EJECTED, ON_TRIAL -> true;
            default -> false;
        };
    }

    /** Whether it is left out because it is sick, or has yet to show that it no longer is. */
    boolean sick() {
        Exclusion now = exclusion;
        return now == null ? ejected() || member.onTrial() : sick(now.reason());
    }

    /** Whether it gets calls or would, if it were not sick. */
    boolean eligible() {
        Exclusion now = exclusion;
        return now == null || sick(now.reason());
    }

    /** Whether it gets calls like the others, or as many as its slow start allows. */
    boolean well() {
        return exclusion == null && !ejected() && !member.onTrial();
    }

    /** Whether an instance that is or was sick takes a call at this moment. */
    boolean takesCalls(long nowNanos) {
        if (member.exclusion(nowNanos) != null) {
            return false;
        }
        return switch (phase) {
            case Phase.Well _ -> true;
            case Phase.Ejected _ -> false;
            case Phase.Trial(var ended, var failures, var calls) ->
                load().inFlight() == 0 && load().failures() == failures && load().ended() - ended < calls;
        };
    }

    /** The calls since it was judged last. */
    Window window() {
        return new Window(
                load().ended() - judgedEnded, load().failures() - judgedFailures, load().slowCalls() - judgedSlow);
    }

    /** Whether its window goes back so far that it begins anew, however few calls it has. */
    boolean stale(EjectionPolicy policy, long nowNanos) {
        return nowNanos - judgedNanos >= policy.interval().toNanos() * LOOKS_MAX;
    }

    /** What was counted until now has been judged, or never will be. */
    void judged(long nowNanos) {
        judgedNanos = nowNanos;
        judgedEnded = load().ended();
        judgedFailures = load().failures();
        judgedSlow = load().slowCalls();
    }

    /** Ejects it; each time without a calm time between lasts longer. */
    void eject(String reason, EjectionPolicy policy, long nowNanos, RandomGenerator random) {
        if (phase instanceof Phase.Well) {
            forgive(policy, nowNanos);
        }
        ejections++;
        long nanos = Math.min(policy.timeMax().toNanos(), policy.time().toNanos() * Math.min(ejections, 1_000_000));
        // Instances that were ejected together do not come back together.
        long jittered = nanos - nanos / 8 + (long) (random.nextDouble() * (nanos / 4.0));
        phase = new Phase.Ejected(nowNanos + jittered, reason);
        judged(nowNanos);
    }

    /** One ejection is forgotten for each of its times that it was well since. */
    private void forgive(EjectionPolicy policy, long nowNanos) {
        long calm = Math.max(0, nowNanos - calmSinceNanos) / policy.time().toNanos();
        ejections = (int) Math.max(0, ejections - calm);
    }

    /**
     * Goes on to what the time or the calls meanwhile have made of it. A trial begins once no call is under way that
     * began before it; in a panic calls have gone on all the time, and it does not wait for that.
     *
     * @return what to tell of it: that it is back, or out again; empty where there is nothing
     */
    String proceed(EjectionPolicy policy, boolean panic, long nowNanos, RandomGenerator random) {
        String told = "";
        switch (phase) {
            case Phase.Well _ -> {}
            case Phase _
            when !policy.enabled() -> {
                back(nowNanos);
                told = "ejection was switched off";
            }
            case Phase.Ejected(var until, var _)
            when until - nowNanos <= 0 && (panic || load().inFlight() == 0) ->
                phase = new Phase.Trial(load().ended(), load().failures(), policy.probeCalls());
            case Phase.Ejected _ -> {}
            case Phase.Trial(var _, var failures, var _)
            when load().failures() != failures -> {
                eject("a trial failed", policy, nowNanos, random);
                told = "a trial failed";
            }
            case Phase.Trial(var ended, var _, var calls)
            when load().ended() - ended >= calls -> {
                back(nowNanos);
                told = "it answered " + calls + " trial calls well";
            }
            case Phase.Trial _ -> {}
        }
        return told;
    }

    private void back(long nowNanos) {
        phase = WELL;
        calmSinceNanos = nowNanos;
        judged(nowNanos);
    }

    /** Whether it is out, or has yet to show that it is well. */
    boolean ejected() {
        return !(phase instanceof Phase.Well);
    }

    /** Finds out anew why it is left out, if it is, and how old it is for its slow start. */
    void refresh(SlowStartPolicy slowStart, long nowNanos, Instant now) {
        Reason reason = member.exclusion(nowNanos);
        String detail = "";
        if (reason == null) {
            switch (phase) {
                case Phase.Well _ -> {}
                case Phase.Ejected(var _, var why) -> {
                    reason = Reason.EJECTED;
                    detail = why;
                }
                case Phase.Trial _ -> {
                    if (load().inFlight() > 0) {
                        reason = Reason.ON_TRIAL;
                    }
                }
            }
        }
        Exclusion before = exclusion;
        if (reason == null) {
            exclusion = null;
        } else if (before == null
                || before.reason() != reason
                || !before.detail().equals(detail)) {
            exclusion = new Exclusion(id, reason, detail);
        }
        boolean trial = ejected() || member.onTrial();
        boolean out = reason != null || trial;
        if (wasSick && !out) {
            backSinceNanos = nowNanos;
        }
        wasSick = out && (trial || (reason != null && sick(reason)));
        ramp = (float) slowStart.share(age(nowNanos, now));
        if (out) {
            load().standing(Load.SICK);
        }
    }

    /** Whether it stands otherwise than when this was asked last, so that a new snapshot would be another one. */
    @SuppressWarnings("ReferenceEquality") // an exclusion is made anew only where it differs
    boolean changed() {
        boolean sick = sick();
        boolean same = exclusion == shownExclusion && ramp == shownRamp && sick == shownSick;
        shownExclusion = exclusion;
        shownRamp = ramp;
        shownSick = sick;
        return !same;
    }

    /** How long it has been there: since it started, by its own word, or came back. */
    private long age(long nowNanos, Instant now) {
        if (backSinceNanos != Long.MIN_VALUE) {
            return nowNanos - backSinceNanos;
        }
        // By its own clock, which may go wrong; but it has been there at least as long as it has been known.
        Instant started = member.instance().startedAt();
        long seconds = Math.clamp(now.getEpochSecond() - started.getEpochSecond(), -1, PolicyChecks.DAY.toSeconds());
        long own = TimeUnit.SECONDS.toNanos(seconds) + now.getNano() - started.getNano();
        return Math.max(own, nowNanos - firstSeenNanos);
    }
}
