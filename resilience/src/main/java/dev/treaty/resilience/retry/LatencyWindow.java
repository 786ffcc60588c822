package dev.treaty.resilience.retry;

import java.util.concurrent.atomic.AtomicIntegerArray;

/**
 * The durations of recent attempts, as a histogram whose buckets are an eighth of a doubling wide: its percentiles are
 * accurate to 10 %. It has two generations of {@value #GENERATION_NANOS} ns, so it covers between one and two of them.
 */
public final class LatencyWindow {
    /** The number of samples from which there are percentiles. */
    public static final int SAMPLES_MIN = 20;

    private static final long GENERATION_NANOS = 10_000_000_000L;
    private static final int SHARES_BITS = 3;
    private static final int SHARES = 1 << SHARES_BITS;
    private static final int SHORTEST_BITS = 10; // durations below a microsecond count as one
    private static final int BUCKETS = (40 - SHORTEST_BITS) * SHARES; // durations above twenty minutes count as that

    private record Generations(long untilNanos, AtomicIntegerArray now, AtomicIntegerArray before) {}

    private volatile Generations generations;

    public LatencyWindow(long now) {
        generations = new Generations(
                now + GENERATION_NANOS, new AtomicIntegerArray(BUCKETS), new AtomicIntegerArray(BUCKETS));
    }

    public void add(long durationNanos, long now) {
        Generations current = generations;
        if (now - current.untilNanos > 0) {
            // Two threads may both start a generation; the second replaces an empty one, and a few samples are lost.
            boolean old = now - current.untilNanos > GENERATION_NANOS; // after a pause in which nothing was added
            current = new Generations(
                    now + GENERATION_NANOS,
                    new AtomicIntegerArray(BUCKETS),
                    old ? new AtomicIntegerArray(BUCKETS) : current.now);
            generations = current;
        }
        current.now.incrementAndGet(bucket(durationNanos));
    }

    /** Returns the duration that this share of the recent attempts did not exceed, or -1 if there were too few. */
    public long percentileNanos(double share) {
        Generations current = generations;
        long total = 0;
        for (int i = 0; i < BUCKETS; i++) {
            total += current.now.get(i) + current.before.get(i);
        }
        if (total < SAMPLES_MIN) {
            return -1;
        }
        long rank = (long) Math.ceil(share * total);
        int bucket = -1;
        do {
            bucket++;
            rank -= current.now.get(bucket) + current.before.get(bucket);
        } while (rank > 0); // counts only grow, so the rank is reached
        return upperNanos(bucket);
    }

    private static int bucket(long durationNanos) {
        long nanos = Math.max(durationNanos, 1L << SHORTEST_BITS);
        int power = 63 - Long.numberOfLeadingZeros(nanos);
        int share = (int) (nanos >>> (power - SHARES_BITS)) & (SHARES - 1);
        return Math.min(BUCKETS - 1, (power - SHORTEST_BITS) * SHARES + share);
    }

    private static long upperNanos(int bucket) {
        int power = bucket / SHARES + SHORTEST_BITS;
        long share = bucket % SHARES + 1L;
        return (1L << power) + (share << (power - SHARES_BITS));
    }
}
