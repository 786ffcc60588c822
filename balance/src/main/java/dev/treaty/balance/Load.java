package dev.treaty.balance;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * How busy one instance is, as one client sees it: the calls under way there, and how long calls take. It is measured
 * here and nowhere else; pickers only read. It belongs to the instance and lives as long.
 *
 * <p>The latency is a <em>peak-EWMA</em>: a call that took longer than the mean <em>is</em> the mean from then on, and
 * shorter ones bring it down with weights that depend on the time between them, over about {@link
 * LoadPolicy#memory()}. So an instance that becomes slow is found out by one call. Looking counts as a call that took
 * no time: what nobody calls any more seems faster and faster until somebody tries again. The cost of one more call is
 * latency × (calls under way + 1).
 *
 * <p>A failure counts as a call that took at least {@link LoadPolicy#penalty()}: an instance that fails fast would
 * otherwise look like the best of all.
 *
 * <p>All of it fits in one cache line. Starting and ending a call is one atomic addition each; an update of the latency
 * may be lost to another at the same moment, which is no worse than the two having come one after the other. The weight
 * e<sup>−x</sup> is taken as 1 / (1 + x + x²/2), which needs one division, no more often than once a tick (about a
 * millisecond).
 *
 * @see <a href="https://twitter.github.io/finagle/guide/Clients.html#load-balancing">Finagle, peak-EWMA</a>
 */
public final class Load extends LoadCells {
    /** A picker may take it. */
    static final int WELL = 0;

    /** It gets a growing share; see {@link SlowStartPolicy}. */
    static final int COLD = 1;

    /** It is or was sick: whoever picks it asks first whether it takes calls now. */
    static final int SICK = 2;

    static final int IN_FLIGHT_BITS = 20;
    private static final long IN_FLIGHT = (1L << IN_FLIGHT_BITS) - 1;
    private static final long ENDED = 1L << IN_FLIGHT_BITS;

    /** A tick is about a millisecond: 2^20 ns. */
    private static final int TICK_SHIFT = 20;

    /** For so many ticks a mean is read as it is: it would fade by less than a percent. */
    private static final int FRESH_TICKS = 64;

    /** The cost of one with a first call under way, of which nothing is known yet. */
    private static final float UNKNOWN = Float.MAX_VALUE / (1 << 24);

    private static final VarHandle CALLS;
    private static final VarHandle LATENCY;
    private static final VarHandle FAILURES;
    private static final VarHandle SLOW;

    static {
        try {
            var lookup = MethodHandles.lookup();
            CALLS = lookup.findVarHandle(LoadCells.class, "calls", long.class);
            LATENCY = lookup.findVarHandle(LoadCells.class, "latency", long.class);
            FAILURES = lookup.findVarHandle(LoadCells.class, "failures", long.class);
            SLOW = lookup.findVarHandle(LoadCells.class, "slow", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** Of the policy, seen soon rather than at once where it changes. */
    private float perTick;

    private long penaltyNanos;

    long after0;
    long after1;
    long after2;
    long after3;
    long after4;
    long after5;
    long after6;

    /** The load of an instance that nobody has called yet. */
    public Load(LoadPolicy policy) {
        policy(policy);
    }

    /** Measures otherwise from now on; what was measured stays. */
    final void policy(LoadPolicy changed) {
        perTick = (float) (1 << TICK_SHIFT) / changed.memory().toNanos();
        penaltyNanos = changed.penalty().toNanos();
    }

    /** A call begins. Exactly one of the methods below tells its end. */
    public void begin() {
        CALLS.getAndAdd(this, 1L);
    }

    /** A call has ended, and the instance has answered, be it that the request was wrong. */
    public void succeeded(long nowNanos, long latencyNanos) {
        CALLS.getAndAdd(this, ENDED - 1);
        observe(nowNanos, latencyNanos);
        if (latencyNanos > slowNanos) {
            SLOW.getAndAdd(this, 1L);
        }
    }

    /**
     * A call has ended, and the instance is to blame.
     *
     * @param awayNanos how long it asks callers to stay away; zero where it does not ask
     */
    public void failed(long nowNanos, long latencyNanos, long awayNanos) {
        FAILURES.getAndAdd(this, 1L);
        CALLS.getAndAdd(this, ENDED - 1);
        long asked = Math.min(awayNanos, LoadPolicy.AWAY_MAX.toNanos());
        observe(nowNanos, Math.max(latencyNanos, Math.max(penaltyNanos, asked)));
    }

    /** A call has ended in a way that says nothing about the instance: its caller gave up. */
    public void ignored() {
        CALLS.getAndAdd(this, -1L);
    }

    private void observe(long nowNanos, long latencyNanos) {
        float sample = latencyNanos;
        long seen = (long) LATENCY.getOpaque(this);
        float mean = mean(seen);
        int tick = tick(nowNanos);
        if (sample > mean) {
            LATENCY.setOpaque(this, packed(sample, tick));
        } else {
            int ticks = tick - (int) seen;
            if (ticks > 0) {
                float weight = fading(ticks);
                LATENCY.setOpaque(this, packed(sample + (mean - sample) * weight, tick));
            }
        }
    }

    private static int tick(long nanos) {
        return (int) (nanos >> TICK_SHIFT);
    }

    private static float mean(long packed) {
        return Float.intBitsToFloat((int) (packed >>> 32));
    }

    private static long packed(float mean, int tick) {
        return ((long) Float.floatToRawIntBits(mean) << 32) | (tick & 0xFFFF_FFFFL);
    }

    /** How much of a mean is left after that time, about e^−(ticks/memory). */
    private float fading(int ticks) {
        float x = ticks * perTick;
        return 1 / (1 + x + x * x / 2);
    }

    /** How many calls are under way. */
    public int inFlight() {
        return (int) (calls & IN_FLIGHT);
    }

    /** How many calls have ended, those not counted whose caller gave up. */
    public long ended() {
        return calls >>> IN_FLIGHT_BITS;
    }

    /** How many calls have failed. */
    public long failures() {
        return failures;
    }

    long slowCalls() {
        return slow;
    }

    /** From now on calls that take longer than that are {@link #slowCalls}. */
    void slowFrom(float nanos) {
        slowNanos = nanos;
    }

    /** The latency to expect, in nanoseconds; zero where nothing is known. */
    public float latencyNanos(long nowNanos) {
        long seen = (long) LATENCY.getOpaque(this);
        int ticks = tick(nowNanos) - (int) seen;
        float mean = mean(seen);
        return ticks > FRESH_TICKS ? mean * fading(ticks) : mean;
    }

    /** What one more call would cost, in nanoseconds of waiting: latency × (calls under way + 1). */
    public float cost(long nowNanos) {
        float mean = latencyNanos(nowNanos);
        int pending = inFlight();
        if (mean == 0) {
            // One call finds out how a new instance does; others wait for that.
            return pending == 0 ? 0 : UNKNOWN * pending;
        }
        return mean * (pending + 1);
    }

    int standing() {
        return standing;
    }

    void standing(int changed) {
        if (standing != changed) {
            standing = changed;
        }
    }
}
