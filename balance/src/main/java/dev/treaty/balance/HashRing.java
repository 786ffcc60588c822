package dev.treaty.balance;

import java.util.Arrays;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * A ring of hashes: every instance has many points on it, and a key belongs to the next point. More points make it more
 * even: with 512 for each instance the shares differ by a few percent, with 100 by a tenth.
 *
 * @see <a href="https://doi.org/10.1145/258533.258660">D. Karger et al., Consistent hashing and random trees, 1997</a>
 */
final class HashRing implements ConsistentHash.Table {
    /** The points of an instance with the mean weight, and the maximum of all instances together. */
    private static final int POINTS = 512;

    private static final int POINTS_MAX = 1 << 18;

    /** The lowest bits of a point are the index of its owner. */
    private static final int OWNER_BITS = 22;

    private static final long OWNER = (1L << OWNER_BITS) - 1;

    private final long[] points;

    HashRing(Subset<?> subset) {
        int count = subset.size();
        double each = Math.min(POINTS, (double) POINTS_MAX / count);
        double capacities =
                IntStream.range(0, count).mapToDouble(subset::capacity).sum();
        points = IntStream.range(0, count)
                .mapToObj(i -> points(i, subset, Math.round(each * subset.capacity(i) * count / capacities)))
                .flatMapToLong(Function.identity())
                .sorted()
                .toArray();
    }

    private static LongStream points(int index, Subset<?> subset, long number) {
        return LongStream.range(0, Math.max(1, number))
                .map(n -> HashPolicy.mix(subset.states[index].hash + n * 0x9E3779B97F4A7C15L) & ~OWNER | index);
    }

    @Override
    public int find(long hash) {
        int found = Arrays.binarySearch(points, hash);
        int at = found >= 0 ? found : -found - 1;
        return (int) (points[at == points.length ? 0 : at] & OWNER);
    }
}
