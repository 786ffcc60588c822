package dev.treaty.balance;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * A table with a prime number of slots, filled in turns: each instance takes the next free slot of its own permutation,
 * until it has its share. Shares differ by less than a percent, of more than 655 instances by a few, and finding an
 * instance needs a single lookup.
 *
 * @see <a href="https://research.google/pubs/maglev-a-fast-and-reliable-software-network-load-balancer/">D. Eisenbud et
 *     al., Maglev, 2016</a>
 */
final class MaglevTable implements ConsistentHash.Table {
    /** Primes: the smallest one with a hundred slots for each instance, but none that takes long to fill. */
    private static final int[] SLOTS = {65_537, 262_147, 1_048_573};

    private static final int[] INSTANCES_MAX = {655, 13_000};
    private static final int FREE = -1;

    private final int[] owners;

    MaglevTable(Subset<?> subset) {
        int count = subset.size();
        int slots = SLOTS[
                (int) IntStream.of(INSTANCES_MAX).filter(most -> most < count).count()];
        owners = new int[slots];
        Arrays.fill(owners, FREE);
        var next = new int[count];
        var step = new int[count];
        var left = new double[count]; // the slots that an instance has not taken yet
        var active = IntStream.range(0, count).toArray();
        double capacities =
                IntStream.range(0, count).mapToDouble(subset::capacity).sum();
        for (int i = 0; i < count; i++) {
            long hash = subset.states[i].hash;
            next[i] = (int) Long.remainderUnsigned(hash, slots);
            step[i] = (int) Long.remainderUnsigned(HashPolicy.mix(hash), slots - 1L) + 1;
            left[i] = slots * (double) subset.capacity(i) / capacities;
        }
        int actives = count;
        for (int filled = 0; filled < slots; ) {
            int remaining = 0;
            for (int a = 0; a < actives && filled < slots; a++, filled++) {
                int i = active[a];
                next[i] = take(i, next[i], step[i]);
                left[i]--;
                if (left[i] > 0) {
                    active[remaining++] = i;
                }
            }
            actives = remaining;
        }
    }

    private int take(int index, int from, int step) {
        int slot = from;
        while (owners[slot] != FREE) {
            slot += step;
            slot -= slot >= owners.length ? owners.length : 0;
        }
        owners[slot] = index;
        return slot;
    }

    @Override
    public int find(long hash) {
        return owners[(int) Long.remainderUnsigned(hash, owners.length)];
    }
}
