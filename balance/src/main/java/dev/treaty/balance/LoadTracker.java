package dev.treaty.balance;

/**
 * Allocates and configures the {@link Load}s of one {@link BalancedInstances}. The counters are stored side by side in
 * blocks, since a pick reads three words of two random instances, and with many instances the memory access is the
 * whole cost. As adjacent words, the counters of 100,000 instances fit into processor caches and few pages; as separate
 * objects, each access would miss both.
 *
 * <p>The first {@value #SPREAD_COUNT} loads are {@value #SPREAD_WORDS} words apart, so that threads that call different
 * instances of a small service do not write to the same cache line. With more instances collisions are rare, and
 * further loads are adjacent.
 */
final class LoadTracker {
    /** The words of a block, which has 2 KB. */
    static final int BLOCK = 1 << LoadTracker.BLOCK_BITS;

    static final int BLOCK_BITS = 8;

    /** Two cache lines, since a block may start anywhere in a cache line. */
    private static final int SPREAD_WORDS = 16;

    private static final int SPREAD_COUNT = 256;

    private long[] block = new long[0];
    private int next;

    /** The number of members, and of loads created since the members were set. */
    private int count;

    /** From the policy; not volatile, so a change becomes visible soon, not at once. */
    private float decayPerNano;

    long penaltyNanos;

    /** The latency from which a call counts in {@link Load#slowCalls}; set by outlier detection. */
    volatile float slowNanos = Float.MAX_VALUE;

    LoadTracker(LoadPolicy policy) {
        policy(policy);
    }

    /** Changes the policy; measured values stay. */
    void policy(LoadPolicy changed) {
        decayPerNano = 1f / (float) changed.decayTime().toNanos();
        penaltyNanos = changed.penalty().toNanos();
    }

    /** Creates the load of a new instance. */
    synchronized Load load() {
        int step = count++ < SPREAD_COUNT ? SPREAD_WORDS : Load.WORDS;
        if (next + step > block.length) {
            block = new long[BLOCK]; // the previous block lives as long as one of its loads
            next = 0;
        }
        int offset = next;
        next += step;
        return new Load(this, block, offset);
    }

    /** Sets the number of loads in use. */
    synchronized void count(int members) {
        count = members;
    }

    /** The remaining weight of a mean of that age: about e^−(age/decay time). */
    float decay(long ageNanos) {
        float x = 1 + (float) ageNanos * decayPerNano / 16;
        x *= x; // four times: to the 16th power
        x *= x;
        x *= x;
        x *= x;
        return 1 / x;
    }
}
