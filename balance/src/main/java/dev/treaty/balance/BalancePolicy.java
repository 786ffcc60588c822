package dev.treaty.balance;

import dev.treaty.core.contract.Description;
import dev.treaty.core.text.Accepted;

/**
 * How calls to one service are distributed over its instances. It can be replaced while calls are running.
 *
 * @param policy the load-balancing policy
 * @param hash the key and the load bound of the policies that hash
 * @param load how load is measured
 * @param unhealthyRatioMax the maximum ratio of instances that may be excluded as unhealthy, for any reason: open
 *     breakers, ejection, reported health. It is rounded up, so that a single unhealthy instance can always be
 *     excluded. If more are unhealthy, all instances receive calls (panic): that is better than overloading the few
 *     healthy ones
 * @param ejection how instances that do worse than the others are detected
 * @param slowStart how new and recovered instances are warmed up
 * @param locality whether nearby instances are preferred
 * @param subset the number of instances that this client calls; 0 for all
 */
public record BalancePolicy(
        @Description("The load-balancing policy.") LoadBalancingPolicy policy,

        @Description("The key and the bound of the policies that hash.")
        HashPolicy hash,

        @Description("How the load of an instance is measured.")
        LoadPolicy load,

        @Description("The largest share of instances excluded because they are unhealthy, rounded up; if more are"
                + " unhealthy, all get calls.")
        @Accepted(min = "0", max = "1")
        double unhealthyRatioMax,

        @Description("How instances that are worse than the others are detected.")
        EjectionPolicy ejection,

        @Description("How new and returning instances are warmed up.")
        SlowStartPolicy slowStart,

        @Description("Which instances are near, and when calls spill over to others.")
        LocalityPolicy locality,

        @Description("The number of instances that this process calls; 0 for all.")
        @Accepted(min = "0", max = "1000000")
        int subset) {

    /** Two random choices by peak-EWMA, everything enabled, at most half of the instances excluded, no subset. */
    public static final BalancePolicy DEFAULT = new BalancePolicy(
            LoadBalancingPolicy.PEAK_EWMA,
            HashPolicy.DEFAULT,
            LoadPolicy.DEFAULT,
            0.5,
            EjectionPolicy.DEFAULT,
            SlowStartPolicy.DEFAULT,
            LocalityPolicy.DEFAULT,
            0);

    /** The maximum size of a subset. */
    public static final int SUBSET_MAX = 1_000_000;

    /** @throws IllegalArgumentException if a value is out of range; the message names it and the accepted range */
    public BalancePolicy {
        PolicyChecks.within("unhealthy-ratio-max", unhealthyRatioMax, 0.0, 1.0);
        PolicyChecks.within("subset", subset, 0, SUBSET_MAX);
    }

    /** Returns this policy with another load-balancing policy. */
    public BalancePolicy policy(LoadBalancingPolicy changed) {
        return new BalancePolicy(changed, hash, load, unhealthyRatioMax, ejection, slowStart, locality, subset);
    }

    /** Returns this policy with another maximum ratio of excluded instances. */
    public BalancePolicy unhealthyRatioMax(double changed) {
        return new BalancePolicy(policy, hash, load, changed, ejection, slowStart, locality, subset);
    }

    /** Returns this policy with another ejection. */
    public BalancePolicy ejection(EjectionPolicy changed) {
        return new BalancePolicy(policy, hash, load, unhealthyRatioMax, changed, slowStart, locality, subset);
    }

    /** Returns this policy with another locality. */
    public BalancePolicy locality(LocalityPolicy changed) {
        return new BalancePolicy(policy, hash, load, unhealthyRatioMax, ejection, slowStart, changed, subset);
    }

    /** Returns this policy with another subset. */
    public BalancePolicy subset(int changed) {
        return new BalancePolicy(policy, hash, load, unhealthyRatioMax, ejection, slowStart, locality, changed);
    }

    /** The maximum number of instances that may be excluded as unhealthy. */
    int unhealthyMax(int instances) {
        return (int) Math.ceil(unhealthyRatioMax * instances);
    }
}
