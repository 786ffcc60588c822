package dev.treaty.balance;

import java.util.Arrays;

/**
 * A table with a prime number of slots, filled in turns: each instance takes the next free slot of its own permutation.
 * Shares differ by less than a percent, and finding an instance needs a single lookup.
 *
 * @see <a href="https://research.google/pubs/maglev-a-fast-and-reliable-software-network-load-balancer/">D. Eisenbud et
 *     al., Maglev, 2016</a>
 */
final class MaglevTable implements ConsistentHash.Table {
    /** Primes; the larger one is for more instances than a hundredth of the smaller one. */
    private static final int SLOTS = 65_537;

    private static final int SLOTS_MANY = 1_048_573;
    private static final int FREE = -1;

    private final int[] owners;

    MaglevTable(Subset<?> subset) {
        int count = subset.size();
        int slots = count * 100 > SLOTS ? SLOTS_MANY : SLOTS;
        owners = new int[slots];
        Arrays.fill(owners, FREE);
        var next = new long[count];
        var step = new long[count];
        float heaviest = 0;
        for (int i = 0; i < count; i++) {
            long hash = subset.states[i].hash;
            next[i] = Long.remainderUnsigned(hash, slots);
            step[i] = Long.remainderUnsigned(HashPolicy.mix(hash), slots - 1) + 1;
            heaviest = Math.max(heaviest, subset.capacity(i));
        }
        int filled = 0;
        for (long turn = 1; filled < slots; turn++) {
            for (int i = 0; i < count && filled < slots; i++) {
                double share = subset.capacity(i) / heaviest;
                if ((long) (turn * share) > (long) ((turn - 1) * share)) { // lighter instances skip some turns
                    take(i, next, step[i]);
                    filled++;
                }
            }
        }
    }

    private void take(int index, long[] next, long step) {
        long slot = next[index];
        while (owners[(int) slot] != FREE) {
            slot = (slot + step) % owners.length;
        }
        owners[(int) slot] = index;
        next[index] = slot;
    }

    @Override
    public int find(long hash) {
        return owners[(int) Long.remainderUnsigned(hash, owners.length)];
    }
}
