package dev.treaty.balance;

import java.util.Arrays;

/**
 * A ring of hashes: every instance has many points on it, and a key belongs to the next point. The more points, the
 * more even; with these the shares differ by a few percent.
 *
 * @see <a href="https://doi.org/10.1145/258533.258660">D. Karger et al., Consistent hashing and random trees, 1997</a>
 */
final class HashRing implements ConsistentHash.Table {
    /** The points of an instance of the usual weight, and of all together. */
    private static final int POINTS = 512;

    private static final int POINTS_MAX = 1 << 20;

    private final long[] points;
    private final int[] owners;

    HashRing(Subset slice) {
        int count = slice.standings().length;
        double each = Math.min(POINTS, (double) POINTS_MAX / count);
        double capacities = 0;
        for (int i = 0; i < count; i++) {
            capacities += slice.capacity(i);
        }
        long[] all = new long[0];
        int[] of = new int[0];
        int used = 0;
        for (int i = 0; i < count; i++) {
            long seed = slice.standings()[i].hash();
            long own = Math.max(1, Math.round(each * slice.capacity(i) * count / capacities));
            if (used + own > all.length) {
                all = Arrays.copyOf(all, (int) Math.max(all.length * 2L, used + own));
                of = Arrays.copyOf(of, all.length);
            }
            for (int n = 0; n < own; n++) {
                all[used] = HashPolicy.mix(seed + n * 0x9E3779B97F4A7C15L);
                of[used++] = i;
            }
        }
        long[] values = Arrays.copyOf(all, used);
        int[] unsorted = of;
        Integer[] order = new Integer[used];
        Arrays.setAll(order, n -> n);
        Arrays.sort(order, (x, y) -> Long.compare(values[x], values[y]));
        points = new long[used];
        owners = new int[used];
        for (int n = 0; n < used; n++) {
            points[n] = values[order[n]];
            owners[n] = unsorted[order[n]];
        }
    }

    @Override
    public int find(long hash) {
        int found = Arrays.binarySearch(points, hash);
        int at = found >= 0 ? found : -found - 1;
        return owners[at == owners.length ? 0 : at];
    }
}
