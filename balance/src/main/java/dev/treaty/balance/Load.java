package dev.treaty.balance;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * The load of one instance as one client measures it: calls in flight and latency. It lives as long as the instance;
 * {@link BalancedInstances#load} creates it, and load balancers only read it.
 *
 * <p>The latency is a <em>peak-EWMA</em>: a call that took longer than the mean sets the mean, and shorter calls reduce
 * it with weights that depend on the time between them, over about {@link LoadPolicy#decayTime()}. So one call is
 * enough to detect that an instance has become slow. Without calls the mean decays as if calls took no time, so that an
 * idle instance is eventually tried again. The cost of one more call is latency × (calls in flight + 1).
 *
 * <p>A failure counts as a call that took at least {@link LoadPolicy#penalty()}; otherwise an instance that fails fast
 * would look best. A call whose caller gave up counts with its duration if that is longer than the mean; otherwise an
 * instance that hangs would not be detected.
 *
 * <p>This is a view of some words in a block of {@link LoadTracker}, of which load balancers read three. Starting and
 * ending a call is one atomic addition each; concurrent updates of the latency may overwrite each other, with the same
 * effect as one after the other. The weight e<sup>−x</sup> is approximated by (1 + x/16)<sup>−16</sup>, which needs one
 * division, at most once in a millisecond.
 *
 * @see <a href="https://twitter.github.io/finagle/guide/Clients.html#load-balancing">Finagle, peak-EWMA</a>
 */
public final class Load {
    /** Gets its full share; may be picked without further checks. */
    static final int HEALTHY = 0;

    /** Gets a growing share; see {@link SlowStartPolicy}. */
    static final int COLD = 1;

    /** Is or was unhealthy: whether it accepts a call is checked for each pick. */
    static final int UNHEALTHY = 2;

    /** The number of words: calls, latency, when it was updated, failures, slow calls. */
    static final int WORDS = 5;

    private static final int LATENCY = 1;
    private static final int UPDATED = 2;
    private static final int FAILURES = 3;
    private static final int SLOW = 4;

    /** A mean is updated by a shorter latency at most once in this time. */
    private static final long UPDATE_NANOS = 1_000_000;

    // The calls word: calls in flight in the lowest bits, then two bits for the state, then all ended calls.
    private static final int IN_FLIGHT_BITS = 20;
    private static final int ENDED_SHIFT = IN_FLIGHT_BITS + 2;
    private static final long IN_FLIGHT = (1L << IN_FLIGHT_BITS) - 1;
    private static final long ENDED = 1L << ENDED_SHIFT;

    /** Up to this age a mean is read without decay, which would be less than a percent by default. */
    private static final long FRESH_NANOS = 64_000_000;

    /** The cost of an instance without a known latency while its first call is in flight. */
    private static final float UNKNOWN = Float.MAX_VALUE / (1 << 24);

    private static final VarHandle WORD = MethodHandles.arrayElementVarHandle(long[].class);

    final LoadTracker tracker;
    final long[] block;
    final int offset;

    Load(LoadTracker tracker, long[] block, int offset) {
        this.tracker = tracker;
        this.block = block;
        this.offset = offset;
    }

    /** Records the start of a call. Exactly one of the methods below records its end. */
    public void begin() {
        WORD.getAndAdd(block, offset, 1L);
    }

    /** Records a call that the instance answered, even with an error that is the client's fault. */
    public void succeeded(long nowNanos, long latencyNanos) {
        WORD.getAndAdd(block, offset, ENDED - 1);
        observe(nowNanos, latencyNanos);
        if (latencyNanos > tracker.slowNanos) {
            WORD.getAndAdd(block, offset + SLOW, 1L);
        }
    }

    /**
     * Records a call that failed because of the instance.
     *
     * @param retryAfterNanos the retry delay that the instance asks for; zero for none
     */
    public void failed(long nowNanos, long latencyNanos, long retryAfterNanos) {
        WORD.getAndAdd(block, offset + FAILURES, 1L);
        WORD.getAndAdd(block, offset, ENDED - 1);
        long asked = Math.min(retryAfterNanos, LoadPolicy.RETRY_AFTER_MAX.toNanos());
        observe(nowNanos, Math.max(latencyNanos, Math.max(tracker.penaltyNanos, asked)));
    }

    /** Records a call that the instance refused because it is full: it is well, and looks slow for a while. */
    public void refused(long nowNanos, long retryAfterNanos) {
        WORD.getAndAdd(block, offset, ENDED - 1);
        long asked = Math.min(retryAfterNanos, LoadPolicy.RETRY_AFTER_MAX.toNanos());
        observe(nowNanos, Math.max(tracker.penaltyNanos, asked));
    }

    /** Records a call whose caller gave up, which shows only that a response takes longer than {@code elapsedNanos}. */
    public void ignored(long nowNanos, long elapsedNanos) {
        WORD.getAndAdd(block, offset, -1L);
        if (elapsedNanos > latencyNanos(nowNanos)) {
            observe(nowNanos, elapsedNanos);
        }
    }

    private void observe(long nowNanos, long latencyNanos) {
        float sample = latencyNanos;
        float mean = mean(block, offset);
        long age = nowNanos - updated(block, offset);
        if (sample > mean) {
            update(nowNanos, sample);
        } else if (age >= UPDATE_NANOS) {
            update(nowNanos, sample + (mean - sample) * tracker.decay(age));
        }
    }

    private void update(long nowNanos, float mean) {
        WORD.setOpaque(block, offset + UPDATED, nowNanos); // first: a new mean never decays by the age of the old one
        WORD.setRelease(block, offset + LATENCY, (long) Float.floatToRawIntBits(mean));
    }

    /** The latency of the load at that place when its last call ended. */
    static float mean(long[] block, int offset) {
        return Float.intBitsToFloat((int) (long) WORD.getAcquire(block, offset + LATENCY));
    }

    private static long updated(long[] block, int offset) {
        return (long) WORD.getOpaque(block, offset + UPDATED);
    }

    /** Reads the calls word of the load at that place, without ordering. */
    static long calls(long[] block, int offset) {
        return (long) WORD.getOpaque(block, offset);
    }

    private long calls() {
        return (long) WORD.getVolatile(block, offset);
    }

    static int inFlight(long calls) {
        return (int) (calls & IN_FLIGHT);
    }

    /** The state in a calls word: {@link #HEALTHY}, {@link #COLD} or {@link #UNHEALTHY}. */
    static int state(long calls) {
        return (int) (calls >>> IN_FLIGHT_BITS) & 3;
    }

    /** The number of calls in flight. */
    public int inFlight() {
        return inFlight(calls());
    }

    /** The number of calls that have ended, without those whose caller gave up. */
    public long ended() {
        return calls() >>> ENDED_SHIFT;
    }

    /** The number of calls that have failed. */
    public long failures() {
        return (long) WORD.getVolatile(block, offset + FAILURES);
    }

    /** The number of successful calls that took longer than {@link LoadTracker#slowNanos}. */
    long slowCalls() {
        return (long) WORD.getVolatile(block, offset + SLOW);
    }

    /** The expected latency in nanoseconds; zero if it is not known. */
    public float latencyNanos(long nowNanos) {
        return latency(tracker, block, offset, nowNanos);
    }

    /** The expected latency of the load at that place. */
    static float latency(LoadTracker tracker, long[] block, int offset, long nowNanos) {
        float mean = mean(block, offset);
        long age = nowNanos - updated(block, offset);
        return age > FRESH_NANOS ? mean * tracker.decay(age) : mean;
    }

    /** The cost of one more call, in nanoseconds of waiting: latency × (calls in flight + 1). */
    public float cost(long nowNanos) {
        return cost(latencyNanos(nowNanos), calls());
    }

    /** The cost of one more call for a load with that latency and calls word. */
    static float cost(float latencyNanos, long calls) {
        int pending = inFlight(calls);
        if (latencyNanos == 0) {
            // One call measures a new instance; others wait for its result.
            return pending == 0 ? 0 : UNKNOWN * pending;
        }
        return latencyNanos * (pending + 1);
    }

    int state() {
        return state(calls());
    }

    /** Changes the state; called under the lock of the {@link BalancedInstances}. */
    void state(int changed) {
        long difference = (long) changed - state();
        if (difference != 0) {
            WORD.getAndAdd(block, offset, difference << IN_FLIGHT_BITS);
        }
    }
}
