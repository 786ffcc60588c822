package dev.treaty.balance;

import java.util.concurrent.locks.ReentrantLock;

/**
 * How the loads of one {@link BalancedInstances} are measured and where they lie: in blocks, side by side. A pick reads two words
 * of two instances that chance has chosen, and with many instances their place in memory is all that it costs. As words
 * beside words, those of 100,000 instances fit into a processor's caches and into few pages; as objects scattered over
 * the heap, each would be a miss of both.
 *
 * <p>Up to {@value #APART_MAX} lie {@value #APART} words apart: two threads that call different instances of a small
 * service do not write to the same cache line. Among more than that they hardly meet, and further ones lie close.
 */
final class LoadTracker {
    /** The words of a block, which are 2 KB. */
    static final int BLOCK = 1 << LoadTracker.BLOCK_BITS;

    static final int BLOCK_BITS = 8;

    /** Two cache lines, since a block begins anywhere in one. */
    private static final int APART = 16;

    private static final int APART_MAX = 256;

    private final ReentrantLock lock = new ReentrantLock();
    private long[] block = new long[0];
    private int next;

    /** How many there are: members of the fleet, and those made since the members were told. */
    private int count;

    /** Of the policy, seen soon rather than at once where it changes. */
    private float perTick;

    private long penaltyNanos;

    /** From which latency on a call is slow; kept by whoever compares instances. */
    private volatile float slowNanos = Float.MAX_VALUE;

    LoadTracker(LoadPolicy policy) {
        policy(policy);
    }

    /** Measures otherwise from now on; what was measured stays. */
    void policy(LoadPolicy changed) {
        perTick = (float) Load.TICK_NANOS / changed.decayTime().toNanos();
        penaltyNanos = changed.penalty().toNanos();
    }

    /** The load of an instance that nobody has called yet. */
    Load load() {
        lock.lock();
        try {
            int step = count++ < APART_MAX ? APART : Load.WORDS;
            if (next + step > block.length) {
                block = new long[BLOCK]; // the one before lives as long as one of its loads does
                next = 0;
            }
            int at = next;
            next += step;
            return new Load(this, block, at);
        } finally {
            lock.unlock();
        }
    }

    /** So many are in use now. */
    void count(int members) {
        lock.lock();
        try {
            count = members;
        } finally {
            lock.unlock();
        }
    }

    long penaltyNanos() {
        return penaltyNanos;
    }

    float slowNanos() {
        return slowNanos;
    }

    /** From now on calls that take longer than that are {@link Load#slowCalls}. */
    void slowFrom(float nanos) {
        slowNanos = nanos;
    }

    /** How much of a mean is left after so many ticks, about e^−(ticks/memory). */
    float fading(int ticks) {
        float x = 1 + ticks * perTick / 16;
        x *= x; // to the 16th power in all
        x *= x;
        x *= x;
        x *= x;
        return 1 / x;
    }
}
