package dev.treaty.balance;

/**
 * Draws an index by weight in constant time with the alias method. Each of n equally likely slots belongs to one index
 * below a threshold and to another index above it.
 *
 * @see <a href="https://doi.org/10.1109/32.92917">M. D. Vose, A linear algorithm for generating random numbers with a
 *     given distribution, 1991</a>
 */
final class AliasTable {
    private final float[] threshold;
    private final int[] alias;

    /** A table for weights with that sum. */
    AliasTable(double[] weights, double sum) {
        int n = weights.length;
        threshold = new float[n];
        alias = new int[n];
        var scaled = new double[n];
        var small = new int[n];
        var large = new int[n];
        int smalls = 0;
        int larges = 0;
        for (int i = 0; i < n; i++) {
            threshold[i] = 1; // what the loop below does not change differs from 1 by rounding only
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
    }

    /** Returns an index, drawn with these random bits. */
    int draw(long bits) {
        int slot = uniform(bits >>> 32, threshold.length);
        return (bits & 0xFF_FFFF) * 0x1p-24f < threshold[slot] ? slot : alias[slot];
    }

    /** Maps 32 random bits to a number from 0 to {@code count - 1}. */
    static int uniform(long bits32, int count) {
        return (int) ((bits32 * count) >>> 32);
    }
}
