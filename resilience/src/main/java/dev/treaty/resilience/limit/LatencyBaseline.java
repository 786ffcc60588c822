package dev.treaty.resilience.limit;

/**
 * The latency of a call that does not queue, with which adaptive limits compare.
 *
 * <p>A long average alone follows the load: under a lasting overload it would accept slow calls as normal, and the
 * limit would grow without end. Here the average may exceed the <em>floor</em> by a tenth at most. The floor falls with
 * every faster window, and rises only with windows <em>at rest</em>, in which so few calls ran that this limit cannot
 * have caused a queue. A service that has really become slower is learned too: the limit falls to its minimum, and is
 * then at rest.
 *
 * <p>Not thread-safe. The average is that of Gradient2 in Netflix's concurrency-limits.
 */
final class LatencyBaseline {
    /** How far the average may rise above the floor. */
    static final double BOUND = 1.1;

    private static final int AVERAGED_WINDOWS = 600;
    private static final int WARM_UP_WINDOWS = 10;
    private static final double DECAY = 0.95;
    private static final double RISE = 0.2;

    /** The calls of a window from which the floor falls to its average at once; with fewer it falls in part. */
    private static final double TRUSTED_CALLS = 100;

    private int windows;
    private double averageNanos;
    private double floorNanos;

    /** Adds a window with its average latency. */
    void learn(double nanos, long calls, boolean atRest) {
        if (windows == 0) {
            restart(nanos);
            return;
        }
        windows++;
        double weight = windows <= WARM_UP_WINDOWS ? 1.0 / windows : 2.0 / (AVERAGED_WINDOWS + 1);
        averageNanos += weight * (nanos - averageNanos);
        if (averageNanos > 2 * nanos) {
            averageNanos *= DECAY;
        }
        if (nanos < floorNanos) {
            floorNanos += Math.min(1, calls / TRUSTED_CALLS) * (nanos - floorNanos);
        } else if (atRest) {
            floorNanos += RISE * (nanos - floorNanos);
        }
        averageNanos = Math.clamp(averageNanos, floorNanos, BOUND * floorNanos);
    }

    /** Replaces everything learned by a new latency. */
    void restart(double nanos) {
        windows = 1;
        averageNanos = nanos;
        floorNanos = nanos;
    }

    /** Returns the baseline in nanoseconds; 0 before the first window. */
    double nanos() {
        return averageNanos;
    }
}
