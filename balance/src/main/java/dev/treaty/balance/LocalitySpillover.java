package dev.treaty.balance;

import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/**
 * Distributes calls over the levels of nearness: the own zone, the own region, and the rest. Each level takes what its
 * health allows, at most all that is left.
 *
 * @see <a
 *     href="https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/load_balancing/priority">Envoy,
 *     priority levels</a>
 */
final class LocalitySpillover {
    private static final int LEVELS = 3;

    private LocalitySpillover() {}

    /**
     * Returns the weights with the share of each level applied; 0 for instances that are too far away.
     *
     * @param distances the level of each instance
     * @param eligible whether each instance counts, healthy or not
     */
    static float[] weights(float[] weights, int[] distances, boolean[] eligible, LocalityPolicy policy) {
        var total = new double[LEVELS];
        for (int i = 0; i < distances.length; i++) {
            total[distances[i]] += eligible[i] ? 1 : 0;
        }
        int[] merged = mergeSmall(total, policy.minimumInstances());
        int[] levels = IntStream.of(distances).map(distance -> merged[distance]).toArray();
        var healthy = new double[LEVELS];
        var sum = new double[LEVELS];
        for (int i = 0; i < levels.length; i++) {
            healthy[levels[i]] += weights[i] > 0 ? 1 : 0;
            sum[levels[i]] += weights[i];
        }
        double[] shares = shares(total, healthy, policy.overprovisioning());
        float[] scaled = weights.clone();
        for (int i = 0; i < levels.length; i++) {
            double share = shares[levels[i]];
            if (share < 1 && scaled[i] > 0) {
                scaled[i] = (float) (scaled[i] * share / sum[levels[i]]);
            }
        }
        return scaled;
    }

    /** Merges each level with too few instances into the next one; returns the level that each level belongs to. */
    private static int[] mergeSmall(double[] total, int minimumInstances) {
        int[] merged = {0, 1, 2};
        for (int level = 0; level < LEVELS - 1; level++) {
            if (total[level] > 0 && total[level] < minimumInstances) {
                total[level + 1] += total[level];
                total[level] = 0;
                for (int nearer = 0; nearer <= level; nearer++) {
                    merged[nearer] = merged[nearer] == level ? level + 1 : merged[nearer];
                }
            }
        }
        return merged;
    }

    /** Returns the share of all calls for each level; the shares sum up to 1 if any level has a healthy instance. */
    private static double[] shares(double[] total, double[] healthy, double overprovisioning) {
        var shares = new double[LEVELS];
        double left = 1;
        for (int i = 0; i < LEVELS; i++) {
            double health = total[i] == 0 ? 0 : Math.min(1, overprovisioning * healthy[i] / total[i]);
            shares[i] = Math.min(left, health);
            left -= shares[i];
        }
        double sum = 1 - left;
        return sum == 0
                ? shares
                : DoubleStream.of(shares).map(share -> share / sum).toArray();
    }
}
