package dev.treaty.balance;

import java.util.Arrays;
import java.util.Comparator;

/**
 * Deterministic aperture: selects the instances that one client calls, so that connections are bounded and every
 * instance receives the same load. Clients and instances are placed evenly on a ring of length 1; client i of C starts
 * at i/C and calls the instances on an arc whose length is a whole number of client intervals. Each point of the ring
 * is covered by the same number of arcs, so the load is exactly even; an instance that is only partly on an arc gets
 * that part of the weight. When an instance or a client is added or removed, only the ends of arcs move.
 *
 * @see <a href="https://blog.x.com/engineering/en_us/topics/infrastructure/2019/daperture-load-balancer">R. Oanta,
 *     B. Anderson, Deterministic aperture, 2019</a>
 */
final class Aperture {
    private Aperture() {}

    /**
     * Returns which part of each instance belongs to this client: from 0 to 1, in the order of {@code hashes}.
     *
     * @param hashes hashes of the instances' ids; the order on the ring is theirs, which separates neighbours
     * @param size the minimum number of instances that the client calls, if there are that many; 0 for all
     */
    static float[] parts(long[] hashes, int size, int index, int clients) {
        int count = hashes.length;
        var parts = new float[count];
        double units = Math.ceil((double) size / count * clients);
        double width = Math.min(1, units / clients);
        if (size == 0 || size >= count || width == 1) {
            Arrays.fill(parts, 1);
            return parts;
        }
        double start = (double) index / clients * count;
        double end = start + width * count;
        Integer[] ring = new Integer[count];
        Arrays.setAll(ring, i -> i);
        Arrays.sort(ring, Comparator.comparingLong(i -> hashes[i]));
        for (int slot = (int) start; slot < Math.ceil(end); slot++) {
            double inside = Math.min(end, slot + 1) - Math.max(start, slot);
            if (inside > 1e-9) {
                parts[ring[slot % count]] += (float) inside;
            }
        }
        return parts;
    }
}
