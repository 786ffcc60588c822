package dev.treaty.balance;

/**
 * How calls are divided between the own zone, the own region and the rest: each level takes what its health allows, at
 * most all that is left.
 *
 * @see <a href="https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/load_balancing/priority">Envoy,
 *     priority levels</a>
 */
final class LocalitySpillover {
    static final int LEVELS = 3;

    private LocalitySpillover() {}

    /**
     * The share of all calls that each level gets; they add up to 1 where any level has a well instance.
     *
     * @param total how many instances each level has
     * @param well how many of them are well
     */
    static double[] shares(double[] total, double[] well, double overprovisioning) {
        var shares = new double[total.length];
        double left = 1;
        double sum = 0;
        for (int i = 0; i < total.length; i++) {
            double health = total[i] == 0 ? 0 : Math.min(1, overprovisioning * well[i] / total[i]);
            shares[i] = Math.min(left, health);
            left -= shares[i];
            sum += shares[i];
        }
        if (sum > 0) {
            for (int i = 0; i < shares.length; i++) {
                shares[i] /= sum;
            }
        }
        return shares;
    }
}
