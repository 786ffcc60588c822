package dev.treaty.balance;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;

/**
 * A ring of hashes: every instance has many points on it, and a key belongs to the next point. More points make it more
 * even; with these numbers the shares differ by a few percent.
 *
 * @see <a href="https://doi.org/10.1145/258533.258660">D. Karger et al., Consistent hashing and random trees, 1997</a>
 */
final class HashRing implements ConsistentHash.Table {
    /** The points of an instance with the mean weight, and the maximum of all instances together. */
    private static final int POINTS = 512;

    private static final int POINTS_MAX = 1 << 20;

    private final long[] points;
    private final int[] owners;

    private record Point(long hash, int owner) {}

    HashRing(Subset<?> subset) {
        int count = subset.size();
        double each = Math.min(POINTS, (double) POINTS_MAX / count);
        double capacities = 0;
        for (int i = 0; i < count; i++) {
            capacities += subset.capacity(i);
        }
        var ring = new ArrayList<Point>();
        for (int i = 0; i < count; i++) {
            long seed = subset.states[i].hash;
            long own = Math.max(1, Math.round(each * subset.capacity(i) * count / capacities));
            for (int n = 0; n < own; n++) {
                ring.add(new Point(HashPolicy.mix(seed + n * 0x9E3779B97F4A7C15L), i));
            }
        }
        ring.sort(Comparator.comparingLong(Point::hash));
        points = ring.stream().mapToLong(Point::hash).toArray();
        owners = ring.stream().mapToInt(Point::owner).toArray();
    }

    @Override
    public int find(long hash) {
        int found = Arrays.binarySearch(points, hash);
        int at = found >= 0 ? found : -found - 1;
        return owners[at == owners.length ? 0 : at];
    }
}
