package dev.treaty.balance;

import java.util.Arrays;

/**
 * A table of as many places as a prime, filled in turns: each instance takes the next free place of a permutation of
 * its own. Shares differ by less than a percent, and finding one needs a single look.
 *
 * @see <a href="https://research.google/pubs/maglev-a-fast-and-reliable-software-network-load-balancer/">D. Eisenbud et
 *     al., Maglev, 2016</a>
 */
final class MaglevTable implements ConsistentHash.Table {
    /** A prime, and a larger one for more instances than a hundredth of it. */
    private static final int PLACES = 65_537;

    private static final int PLACES_MANY = 1_048_573;
    private static final int FREE = -1;

    private final int[] owners;

    MaglevTable(Subset slice) {
        int count = slice.standings().length;
        int places = count * 100 > PLACES ? PLACES_MANY : PLACES;
        owners = new int[places];
        Arrays.fill(owners, FREE);
        var next = new long[count];
        var step = new long[count];
        float heaviest = 0;
        for (int i = 0; i < count; i++) {
            long hash = slice.standings()[i].hash();
            next[i] = Long.remainderUnsigned(hash, places);
            step[i] = Long.remainderUnsigned(HashPolicy.mix(hash), places - 1) + 1;
            heaviest = Math.max(heaviest, slice.capacity(i));
        }
        int filled = 0;
        for (long turn = 1; filled < places; turn++) {
            for (int i = 0; i < count && filled < places; i++) {
                double share = slice.capacity(i) / heaviest;
                if ((long) (turn * share) > (long) ((turn - 1) * share)) { // the lighter sit out some turns
                    take(i, next, step[i]);
                    filled++;
                }
            }
        }
    }

    private void take(int index, long[] next, long step) {
        long place = next[index];
        while (owners[(int) place] != FREE) {
            place = (place + step) % owners.length;
        }
        owners[(int) place] = index;
        next[index] = place;
    }

    @Override
    public int find(long hash) {
        return owners[(int) Long.remainderUnsigned(hash, owners.length)];
    }
}
