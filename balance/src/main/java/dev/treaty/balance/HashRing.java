package dev.treaty.balance;

import java.util.Arrays;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * A ring of hashes: every instance has many points on it, and a key belongs to the next point. More points make it more
 * even: with 4,096 for each instance (up to 64 of them) the shares differ by a percent or two, with 256 by six.
 *
 * @see <a href="https://doi.org/10.1145/258533.258660">D. Karger et al., Consistent hashing and random trees, 1997</a>
 */
final class HashRing implements ConsistentHash.Table {
    /** The points of an instance with the mean weight; a quarter, as long as all together would have too many. */
    private static final int POINTS = 4_096;

    private static final int POINTS_MIN = 16;
    private static final int POINTS_MAX = 1 << 18;

    /** The lowest bits of a point are the index of its owner. */
    private static final int OWNER_BITS = 22;

    private static final long OWNER = (1L << OWNER_BITS) - 1;

    private final long[] points;

    HashRing(Subset<?> subset) {
        int count = subset.size();
        double each = POINTS;
        while (each > POINTS_MIN && each * count > POINTS_MAX) {
            each /= 4; // in steps: with each added instance all would lose a few points, and many keys would move
        }
        double mean = each;
        double capacities =
                IntStream.range(0, count).mapToDouble(subset::capacity).sum();
        points = IntStream.range(0, count)
                .mapToObj(i -> points(i, subset, Math.round(mean * subset.capacity(i) * count / capacities)))
                .flatMapToLong(Function.identity())
                .sorted()
                .toArray();
    }

    private static LongStream points(int index, Subset<?> subset, long number) {
        return LongStream.range(0, Math.max(1, number))
                .map(n -> (HashPolicy.mix(subset.states[index].hash + n * 0x9E3779B97F4A7C15L) & ~OWNER) | index);
    }

    @Override
    public int find(long hash) {
        int found = Arrays.binarySearch(points, hash);
        int at = found >= 0 ? found : -found - 1;
        return (int) (points[at == points.length ? 0 : at] & OWNER);
    }
}
