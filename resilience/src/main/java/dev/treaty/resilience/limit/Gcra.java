package dev.treaty.resilience.limit;

import dev.treaty.resilience.RateLimitPolicy;
import dev.treaty.resilience.RateLimiter;
import dev.treaty.resilience.internal.PolicyChecks;

/**
 * The arithmetic of the generic cell rate algorithm: a token bucket whose whole state is one moment.
 *
 * <p>Think of time as a line on which every permit occupies a piece of the same length, the {@link #interval}. The
 * <em>theoretical arrival time</em> is where the next permit's piece begins; pieces are handed out one after the other,
 * never beginning before now, and a permit may be used as soon as its piece ends at most {@link #tolerance} (the
 * burst's length) from now. So the permits used in an interval of length t have pieces that do not overlap, all within
 * {@code t + tolerance}: there are at most {@code burst + t / interval} of them. That is the whole proof, and it holds
 * for whoever hands out pieces, in whatever order: {@link RateLimiter} lends parts of the line to its stripes.
 *
 * <p>The line is counted in parts of a nanosecond, up to 128 where permits lie close together, so that the interval can
 * be rounded up without changing the rate by more than 1 %; one that follows another by less than 16 microseconds would
 * be misjudged after more than two years without a call, and then be refused too long, not too little.
 *
 * @see <a href="https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm">Generic cell rate algorithm</a>
 */
public final class Gcra {
    private static final int SHIFT_MAX = 7;
    /** The interval is at least that many parts long, as a power of two, where the shift allows it. */
    private static final int INTERVAL_BITS = 14;

    private static final long NANOS_MAX = PolicyChecks.DAY.toNanos();

    final int burst;
    /** The length of one permit's piece. */
    public final long interval;
    /** How far from now a permit's piece may end: the length of the whole burst. */
    public final long tolerance;

    private final int shift;

    public Gcra(RateLimitPolicy policy) {
        long per = policy.per().toNanos();
        int bits = 63 - Long.numberOfLeadingZeros(per / policy.permits());
        this.shift = Math.clamp(INTERVAL_BITS - bits, 0, SHIFT_MAX);
        this.burst = policy.burst();
        this.interval = Math.ceilDiv(per << shift, policy.permits());
        this.tolerance = burst * interval;
    }

    /** The length of that many permits' pieces. */
    public long length(int permits) {
        if (permits < 1 || permits > burst) {
            throw new IllegalArgumentException(
                    "permits is " + permits + ": use 1 to " + burst + ", which is all that may go at once");
        }
        return permits * interval;
    }

    /** That reading of the clock, as a point on the line. */
    public long point(long nanos) {
        return nanos << shift;
    }

    /** How long to wait for a point that far away, in nanoseconds, rounded up: 0 where it has passed. */
    public long waitNanos(long length) {
        return (Math.max(0, length) + (1L << shift) - 1) >> shift;
    }

    /** That many nanoseconds, none to a day, as a length on the line. */
    public long lengthOf(long nanos) {
        return Math.clamp(nanos, 0, NANOS_MAX) << shift;
    }

    /** The later of two points. */
    public static long later(long a, long b) {
        return a - b > 0 ? a : b;
    }
}
