package dev.treaty.balance;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The instances that one kind of call may be for, in the order of their ids, and their picker: what stays the same
 * until an instance comes or goes.
 */
final class Slice {
    private final Standing[] standings;
    private final Load[] loads;
    private final float @Nullable [] capacities;
    private final LoadBalancer balancer;
    private final float leastShare;

    /**
     * That slice.
     *
     * @param capacities the weights that instances ask for; null where all are alike
     * @param leastShare of one that is cold
     */
    Slice(Standing[] standings, float @Nullable [] capacities, LoadBalancer balancer, float leastShare) {
        this.standings = standings;
        this.loads = Arrays.stream(standings).map(Standing::load).toArray(Load[]::new);
        this.capacities = capacities;
        this.balancer = balancer;
        this.leastShare = leastShare;
    }

    Standing[] standings() {
        return standings;
    }

    Load[] loads() {
        return loads;
    }

    float capacity(int index) {
        return capacities == null ? 1 : capacities[index];
    }

    LoadBalancer balancer() {
        return balancer;
    }

    float leastShare() {
        return leastShare;
    }

    /** Whether it is made of the same. */
    boolean same(Standing[] others, float @Nullable [] theirCapacities, float theirLeastShare) {
        return leastShare == theirLeastShare
                && Arrays.equals(standings, others)
                && Arrays.equals(capacities, theirCapacities);
    }
}
