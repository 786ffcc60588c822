package dev.treaty.resilience.limit;

/**
 * What a call takes where it does not queue: what adaptive limits compare with.
 *
 * <p>A long average alone follows the load: under an overload that lasts, it learns that slow is normal, and the limit
 * grows without end. Here the average may rise above the <em>floor</em> by a tenth and no further. The floor falls to
 * whatever is faster, and it rises only by windows <em>at rest</em>, in which so few calls were under way that the
 * queue cannot have been of this limit's making. A service that has truly become slower is learnt all the same: the
 * limit falls to its least, and is then at rest.
 *
 * <p>One thread at a time. The average is that of Gradient2 in Netflix's concurrency-limits.
 */
final class LatencyBaseline {
    /** How far the average may rise above the floor. */
    static final double BOUND = 1.1;

    private static final int AVERAGED_WINDOWS = 600;
    private static final int WARM_UP_WINDOWS = 10;
    private static final double FORGETFUL = 0.95;
    private static final double RISE = 0.2;

    /** A window with that many calls is believed at once that calls have become faster; one with fewer, in part. */
    private static final double CALLS_BELIEVED = 100;

    private int windows;
    private double averageNanos;
    private double floorNanos;

    /** Learns what that many calls took on average. */
    void learn(double nanos, long calls, boolean atRest) {
        if (windows == 0) {
            restart(nanos);
            return;
        }
        windows++;
        double weight = windows <= WARM_UP_WINDOWS ? 1.0 / windows : 2.0 / (AVERAGED_WINDOWS + 1);
        averageNanos += weight * (nanos - averageNanos);
        if (averageNanos > 2 * nanos) {
            averageNanos *= FORGETFUL;
        }
        if (nanos < floorNanos) {
            floorNanos += Math.min(1, calls / CALLS_BELIEVED) * (nanos - floorNanos);
        } else if (atRest) {
            floorNanos += RISE * (nanos - floorNanos);
        }
        averageNanos = Math.clamp(averageNanos, floorNanos, BOUND * floorNanos);
    }

    /** Forgets what it had learnt: this is what a call takes now. */
    void restart(double nanos) {
        windows = 1;
        averageNanos = nanos;
        floorNanos = nanos;
    }

    /** The baseline in nanoseconds; 0 where nothing was learnt yet. */
    double nanos() {
        return averageNanos;
    }
}
