package dev.treaty.balance;

import java.util.Arrays;
import java.util.Comparator;

/**
 * Which of many instances a client calls, so that connections are bounded and every instance still gets its share: a
 * deterministic aperture. Clients and instances lie evenly on a ring of length 1, client i of C from i/C on, and each
 * client calls the instances on an arc that is as long as a whole number of clients' parts. So each point of the ring
 * is on as many arcs as every other, and the load is exactly even; an instance that lies on an arc only in part gets
 * that part of the weight. When an instance or a client comes or goes, only the ends of arcs move.
 *
 * @see <a href="https://blog.x.com/engineering/en_us/topics/infrastructure/2019/daperture-load-balancer">R. Oanta,
 *     B. Anderson, Deterministic aperture, 2019</a>
 */
final class Aperture {
    private Aperture() {}

    /**
     * How much of each instance is this client's: between 0 and 1, in the order given.
     *
     * @param hashes of the instances' ids: they lie on the ring in this order, which scatters neighbours
     * @param size how many the client should call; it gets at least so many, if there are
     */
    static float[] parts(long[] hashes, int size, int index, int clients) {
        int count = hashes.length;
        var parts = new float[count];
        if (size == 0 || size >= count) {
            Arrays.fill(parts, 1);
            return parts;
        }
        double units = Math.ceil((double) size / count * clients);
        double width = Math.min(1, units / clients);
        if (width == 1) {
            Arrays.fill(parts, 1);
            return parts;
        }
        double start = (double) index / clients * count;
        double end = start + width * count;
        Integer[] ring = new Integer[count];
        Arrays.setAll(ring, i -> i);
        Arrays.sort(ring, Comparator.comparingLong(i -> hashes[i]));
        for (int place = (int) start; place < Math.ceil(end); place++) {
            double inside = Math.min(end, place + 1) - Math.max(start, place);
            if (inside > 1e-9) {
                parts[ring[place % count]] += (float) inside;
            }
        }
        return parts;
    }
}
