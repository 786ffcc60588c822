package dev.treaty.balance;

/**
 * How one service's calls are spread over its instances. It may be replaced while calls are running.
 *
 * @param policy how an instance is picked
 * @param hash what pickers that hash take as the key, and how full an instance may be
 * @param load how load is measured
 * @param unhealthyRatioMax the largest share of instances that may be left out because they are sick, for whatever reason: open
 *     breakers, ejection, their own health. It is rounded up, so that a single sick one may always be left out. Where
 *     more are sick, all get calls: sending to the sick is better than crushing the few that are left
 * @param ejection how instances that do worse than the others are found out
 * @param slowStart how new and returning instances get their share
 * @param locality whether near instances are preferred
 * @param subset how many instances this client calls at most; 0 for all
 */
public record BalancePolicy(
        LoadBalancingPolicy policy,
        HashPolicy hash,
        LoadPolicy load,
        double unhealthyRatioMax,
        EjectionPolicy ejection,
        SlowStartPolicy slowStart,
        LocalityPolicy locality,
        int subset) {

    /** Peak-EWMA of two choices, all parts in force, at most half of the instances left out, no subset. */
    public static final BalancePolicy DEFAULT = new BalancePolicy(
            LoadBalancingPolicy.PEAK_EWMA,
            HashPolicy.DEFAULT,
            LoadPolicy.DEFAULT,
            0.5,
            EjectionPolicy.DEFAULT,
            SlowStartPolicy.DEFAULT,
            LocalityPolicy.DEFAULT,
            0);

    /** The most instances that a subset may have. */
    public static final int SUBSET_MAX = 1_000_000;

    /** @throws IllegalArgumentException where a value is out of range; the message says which, and what is accepted */
    public BalancePolicy {
        PolicyChecks.within("unhealthy-ratio-max", unhealthyRatioMax, 0, 1);
        PolicyChecks.within("subset", subset, 0, SUBSET_MAX);
    }

    /** The same with another picker. */
    public BalancePolicy policy(LoadBalancingPolicy changed) {
        return new BalancePolicy(changed, hash, load, unhealthyRatioMax, ejection, slowStart, locality, subset);
    }

    /** The same with another budget. */
    public BalancePolicy unhealthyRatioMax(double changed) {
        return new BalancePolicy(policy, hash, load, changed, ejection, slowStart, locality, subset);
    }

    /** The same with another ejection. */
    public BalancePolicy ejection(EjectionPolicy changed) {
        return new BalancePolicy(policy, hash, load, unhealthyRatioMax, changed, slowStart, locality, subset);
    }

    /** The same with another slow start. */
    public BalancePolicy slowStart(SlowStartPolicy changed) {
        return new BalancePolicy(policy, hash, load, unhealthyRatioMax, ejection, changed, locality, subset);
    }

    /** The same with another locality. */
    public BalancePolicy locality(LocalityPolicy changed) {
        return new BalancePolicy(policy, hash, load, unhealthyRatioMax, ejection, slowStart, changed, subset);
    }

    /** The same with another subset. */
    public BalancePolicy subset(int changed) {
        return new BalancePolicy(policy, hash, load, unhealthyRatioMax, ejection, slowStart, locality, changed);
    }

    /** How many of that many instances may be left out because they are sick. */
    int sickMax(int instances) {
        return (int) Math.ceil(unhealthyRatioMax * instances);
    }
}
