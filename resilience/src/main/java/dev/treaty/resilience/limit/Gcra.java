package dev.treaty.resilience.limit;

import dev.treaty.resilience.RateLimitPolicy;
import dev.treaty.resilience.RateLimiter;
import dev.treaty.resilience.internal.PolicyChecks;

/**
 * The arithmetic of the generic cell rate algorithm: a token bucket whose whole state is one moment.
 *
 * <p>Time is a line on which every permit occupies a piece of the same length, the {@link #interval}. The
 * <em>theoretical arrival time</em> is where the next permit's piece begins; pieces follow each other, never begin
 * before now, and a permit may be used as soon as its piece ends at most {@link #tolerance} (the length of the burst)
 * from now. So the permits used in an interval of length t have pieces that do not overlap, all within
 * {@code t + tolerance}: there are at most {@code burst + t / interval} of them. This proof holds in whatever order the
 * pieces are taken: {@link RateLimiter} lends parts of the line to its stripes.
 *
 * <p>The line is counted in fractions of a nanosecond, up to 128 if permits are close together, so that rounding the
 * interval up changes the rate by at most 1 %. At intervals of less than 16 microseconds the line overflows after more
 * than two years without a call; permits are then refused too long, never granted too early.
 *
 * @see <a href="https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm">Generic cell rate algorithm</a>
 */
public final class Gcra {
    private static final int SHIFT_MAX = 7;
    /** The interval has at least 2 to the power of this many units, as far as the shift allows. */
    private static final int INTERVAL_BITS = 14;

    private static final long NANOS_MAX = PolicyChecks.DAY.toNanos();

    /** The length of one permit's piece. */
    public final long interval;
    /** How far from now a permit's piece may end: the length of the whole burst. */
    public final long tolerance;

    private final int burst;
    private final int shift;

    public Gcra(RateLimitPolicy policy) {
        long per = policy.per().toNanos();
        int bits = 63 - Long.numberOfLeadingZeros(per / policy.permits());
        this.shift = Math.clamp(INTERVAL_BITS - bits, 0, SHIFT_MAX);
        this.burst = policy.burst();
        this.interval = Math.ceilDiv(per << shift, policy.permits());
        this.tolerance = burst * interval;
    }

    /** Returns the length of the pieces of a number of permits. */
    public long length(int permits) {
        if (permits < 1 || permits > burst) {
            throw new IllegalArgumentException(
                    "permits is " + permits + ": use 1 to " + burst + ", which is the burst");
        }
        return permits * interval;
    }

    /** Returns the point on the line of a reading of the clock. */
    public long point(long nanos) {
        return nanos << shift;
    }

    /** Returns how long to wait for a point that is so far away, in nanoseconds, rounded up; 0 if it has passed. */
    public long waitNanos(long length) {
        return (Math.max(0, length) + (1L << shift) - 1) >> shift;
    }

    /** Returns the length on the line of a duration, of zero to a day. */
    public long lengthOf(long nanos) {
        return Math.clamp(nanos, 0, NANOS_MAX) << shift;
    }

    /** Returns the later of two points. */
    public static long later(long a, long b) {
        return a - b > 0 ? a : b;
    }
}
