package dev.treaty.balance;

/**
 * Draws by weight in constant time, whatever the number: the alias method. Each of n equally likely places belongs to
 * one index up to a threshold, and to another above it.
 *
 * @see <a href="https://doi.org/10.1109/32.92917">M. D. Vose, A linear algorithm for generating random numbers with a
 *     given distribution, 1991</a>
 */
final class AliasTable {
    private final float[] threshold;
    private final int[] alias;

    AliasTable(float[] weights) {
        int n = weights.length;
        threshold = new float[n];
        alias = new int[n];
        double sum = 0;
        for (float weight : weights) {
            sum += weight;
        }
        var scaled = new double[n];
        var small = new int[n];
        var large = new int[n];
        int smalls = 0;
        int larges = 0;
        for (int i = 0; i < n; i++) {
            scaled[i] = weights[i] * n / sum;
            if (scaled[i] < 1) {
                small[smalls++] = i;
            } else {
                large[larges++] = i;
            }
        }
        while (smalls > 0 && larges > 0) {
            int less = small[--smalls];
            int more = large[larges - 1];
            threshold[less] = (float) scaled[less];
            alias[less] = more;
            scaled[more] -= 1 - scaled[less];
            if (scaled[more] < 1) {
                larges--;
                small[smalls++] = more;
            }
        }
        // What is left over is 1 but for rounding.
        while (larges > 0) {
            threshold[large[--larges]] = 1;
        }
        while (smalls > 0) {
            threshold[small[--smalls]] = 1;
        }
    }

    /** An index, by that much chance. */
    int at(long bits) {
        int place = place(bits >>> 32, threshold.length);
        return (bits & 0xFF_FFFF) * 0x1p-24f < threshold[place] ? place : alias[place];
    }

    /** One of so many, out of 32 bits of chance. */
    static int place(long bits32, int count) {
        return (int) ((bits32 * count) >>> 32);
    }
}
