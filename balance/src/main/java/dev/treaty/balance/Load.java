package dev.treaty.balance;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * How busy one instance is, as one client sees it: the calls under way there, and how long calls take. It is measured
 * here and nowhere else; pickers only read. It belongs to the instance and lives as long. {@link BalancedInstances#load} makes it.
 *
 * <p>The latency is a <em>peak-EWMA</em>: a call that took longer than the mean <em>is</em> the mean from then on, and
 * shorter ones bring it down with weights that depend on the time between them, over about {@link
 * LoadPolicy#decayTime()}. So an instance that becomes slow is found out by one call. Looking counts as a call that took
 * no time: what nobody calls any more seems faster and faster until somebody tries again. The cost of one more call is
 * latency × (calls under way + 1).
 *
 * <p>A failure counts as a call that took at least {@link LoadPolicy#penalty()}: an instance that fails fast would
 * otherwise look like the best of all. A call whose caller gave up counts as long as it took, where that is more than
 * the mean: who hangs would otherwise never be found out.
 *
 * <p>This is a view of some words in a block of {@link LoadTracker}, of which pickers read two. Starting and ending a call is
 * one atomic addition each; an update of the latency may be lost to another at the same moment, which is no worse than
 * the two having come one after the other. The weight e<sup>−x</sup> is taken as (1 + x/16)<sup>−16</sup>, which
 * needs one division, no more often than once a tick (about a millisecond).
 *
 * @see <a href="https://twitter.github.io/finagle/guide/Clients.html#load-balancing">Finagle, peak-EWMA</a>
 */
public final class Load {
    /** A picker may take it. */
    static final int WELL = 0;

    /** It gets a growing share; see {@link SlowStartPolicy}. */
    static final int COLD = 1;

    /** It is or was sick: whoever picks it asks first whether it takes calls now. */
    static final int SICK = 2;

    /** How many words it has: those of its calls, of its latency, of its failures, of its slow calls. */
    static final int WORDS = 4;

    private static final int LATENCY = 1;
    private static final int FAILURES = 2;
    private static final int SLOW = 3;

    static final int TICK_NANOS = 1 << Load.TICK_SHIFT;

    /** A tick is about a millisecond: 2^20 ns. */
    private static final int TICK_SHIFT = 20;

    // The word of the calls: those under way in the lowest bits, the standing above, and all that have ended above
    // that.
    private static final int IN_FLIGHT_BITS = 20;
    private static final int ENDED_SHIFT = IN_FLIGHT_BITS + 2;
    private static final long IN_FLIGHT = (1L << IN_FLIGHT_BITS) - 1;
    private static final long ENDED = 1L << ENDED_SHIFT;

    /** For so many ticks a mean is read as it is: it would fade by less than a percent. */
    private static final int FRESH_TICKS = 64;

    /** The cost of one with a first call under way, of which nothing is known yet. */
    private static final float UNKNOWN = Float.MAX_VALUE / (1 << 24);

    private static final VarHandle WORD = MethodHandles.arrayElementVarHandle(long[].class);

    private final LoadTracker all;
    private final long[] block;
    private final int at;

    Load(LoadTracker all, long[] block, int at) {
        this.all = all;
        this.block = block;
        this.at = at;
    }

    /** Those that it lies among. */
    LoadTracker all() {
        return all;
    }

    /** Where its words are. */
    long[] block() {
        return block;
    }

    /** The index of its first word. */
    int at() {
        return at;
    }

    /** A call begins. Exactly one of the methods below tells its end. */
    public void begin() {
        WORD.getAndAdd(block, at, 1L);
    }

    /** A call has ended, and the instance has answered, be it that the request was wrong. */
    public void succeeded(long nowNanos, long latencyNanos) {
        WORD.getAndAdd(block, at, ENDED - 1);
        observe(nowNanos, latencyNanos);
        if (latencyNanos > all.slowNanos()) {
            WORD.getAndAdd(block, at + SLOW, 1L);
        }
    }

    /**
     * A call has ended, and the instance is to blame.
     *
     * @param awayNanos how long it asks callers to stay away; zero where it does not ask
     */
    public void failed(long nowNanos, long latencyNanos, long awayNanos) {
        WORD.getAndAdd(block, at + FAILURES, 1L);
        WORD.getAndAdd(block, at, ENDED - 1);
        long asked = Math.min(awayNanos, LoadPolicy.AWAY_MAX.toNanos());
        observe(nowNanos, Math.max(latencyNanos, Math.max(all.penaltyNanos(), asked)));
    }

    /**
     * A call has ended in a way that says nothing about the instance, but that an answer takes longer than that: its
     * caller gave up.
     */
    public void ignored(long nowNanos, long elapsedNanos) {
        WORD.getAndAdd(block, at, -1L);
        if (elapsedNanos > latencyNanos(nowNanos)) {
            observe(nowNanos, elapsedNanos);
        }
    }

    private void observe(long nowNanos, long latencyNanos) {
        float sample = latencyNanos;
        long seen = latency(block, at);
        float mean = mean(seen);
        int tick = tick(nowNanos);
        if (sample > mean) {
            WORD.setOpaque(block, at + LATENCY, packed(sample, tick));
        } else {
            int ticks = tick - (int) seen;
            if (ticks > 0) {
                float weight = all.fading(ticks);
                WORD.setOpaque(block, at + LATENCY, packed(sample + (mean - sample) * weight, tick));
            }
        }
    }

    private static int tick(long nanos) {
        return (int) (nanos >> TICK_SHIFT);
    }

    /** The word of the latency: the mean in nanoseconds as a float above, the tick of its last change below. */
    private static long packed(float mean, int tick) {
        return ((long) Float.floatToRawIntBits(mean) << 32) | (tick & 0xFFFF_FFFFL);
    }

    private static float mean(long packed) {
        return Float.intBitsToFloat((int) (packed >>> 32));
    }

    /** The word of the calls of the load that lies there, as a picker sees it in passing. */
    static long calls(long[] block, int at) {
        return (long) WORD.getOpaque(block, at);
    }

    private long calls() {
        return (long) WORD.getVolatile(block, at);
    }

    /** The word of its latency. */
    static long latency(long[] block, int at) {
        return (long) WORD.getOpaque(block, at + LATENCY);
    }

    static int inFlight(long calls) {
        return (int) (calls & IN_FLIGHT);
    }

    /** Whether a picker may take it without a second look: one of the constants above. */
    static int standing(long calls) {
        return (int) (calls >>> IN_FLIGHT_BITS) & 3;
    }

    /** How many calls are under way. */
    public int inFlight() {
        return inFlight(calls());
    }

    /** How many calls have ended, those not counted whose caller gave up. */
    public long ended() {
        return calls() >>> ENDED_SHIFT;
    }

    /** How many calls have failed. */
    public long failures() {
        return (long) WORD.getVolatile(block, at + FAILURES);
    }

    /** How many calls have ended that took longer than {@link LoadTracker#slowNanos}. */
    long slowCalls() {
        return (long) WORD.getVolatile(block, at + SLOW);
    }

    /** The latency to expect, in nanoseconds; zero where nothing is known. */
    public float latencyNanos(long nowNanos) {
        return latencyNanos(all, latency(block, at), nowNanos);
    }

    private static float latencyNanos(LoadTracker all, long latency, long nowNanos) {
        int ticks = tick(nowNanos) - (int) latency;
        float mean = mean(latency);
        return ticks > FRESH_TICKS ? mean * all.fading(ticks) : mean;
    }

    /** What one more call would cost, in nanoseconds of waiting: latency × (calls under way + 1). */
    public float cost(long nowNanos) {
        return cost(all, calls(), latency(block, at), nowNanos);
    }

    /** The same for one that has these words. */
    static float cost(LoadTracker all, long calls, long latency, long nowNanos) {
        float mean = latencyNanos(all, latency, nowNanos);
        int pending = inFlight(calls);
        if (mean == 0) {
            // One call finds out how a new instance does; others wait for that.
            return pending == 0 ? 0 : UNKNOWN * pending;
        }
        return mean * (pending + 1);
    }

    int standing() {
        return standing(calls());
    }

    /** Only the fleet's own thread of the moment changes it. */
    void standing(int changed) {
        long difference = (long) changed - standing();
        if (difference != 0) {
            WORD.getAndAdd(block, at, difference << IN_FLIGHT_BITS);
        }
    }
}
