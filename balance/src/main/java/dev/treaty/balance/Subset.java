package dev.treaty.balance;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The instances that one kind of call may be for, in the order of their ids, and their policy: what stays the same
 * until an instance comes or goes.
 */
final class Subset {
    private final InstanceState[] standings;
    private final BalancedInstance[] members;
    private final LoadTracker measured;

    /** Where the loads lie: blocks, and for each instance which of them and the place in it. */
    private final long[][] blocks;

    private final int[] places;

    private final float @Nullable [] capacities;
    private final LoadBalancer balancer;
    private final float leastShare;

    /**
     * That slice.
     *
     * @param measured those that the loads of the instances are among
     * @param capacities the weights that instances ask for; null where all are alike
     * @param leastShare of one that is cold
     */
    Subset(
            InstanceState[] standings,
            LoadTracker measured,
            float @Nullable [] capacities,
            LoadBalancer balancer,
            float leastShare) {
        this.standings = standings;
        this.members = Arrays.stream(standings).map(InstanceState::member).toArray(BalancedInstance[]::new);
        this.measured = measured;
        this.places = new int[standings.length];
        this.blocks = locate(members, places);
        this.capacities = capacities;
        this.balancer = balancer;
        this.leastShare = leastShare;
    }

    /** Finds out where the loads lie; gives back their blocks. */
    private static long[][] locate(BalancedInstance[] members, int[] places) {
        var known = new IdentityHashMap<long[], Integer>();
        var blocks = new ArrayList<long[]>();
        for (int i = 0; i < places.length; i++) {
            Load load = members[i].load();
            int number = known.computeIfAbsent(load.block(), block -> {
                blocks.add(block);
                return blocks.size() - 1;
            });
            places[i] = number << LoadTracker.BLOCK_BITS | load.at();
        }
        return blocks.toArray(long[][]::new);
    }

    InstanceState[] standings() {
        return standings;
    }

    BalancedInstance member(int index) {
        return members[index];
    }

    Load load(int index) {
        return members[index].load();
    }

    int size() {
        return places.length;
    }

    /** The word of the calls of one instance; see {@link Load}. */
    long calls(int index) {
        int place = places[index];
        return Load.calls(block(place), at(place));
    }

    /** What one more call would cost there, where those are its calls. */
    float cost(int index, long calls, long nowNanos) {
        int place = places[index];
        return Load.cost(measured, calls, Load.latency(block(place), at(place)), nowNanos);
    }

    private long[] block(int place) {
        return blocks[place >>> LoadTracker.BLOCK_BITS];
    }

    private static int at(int place) {
        return place & (LoadTracker.BLOCK - 1);
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
    boolean same(InstanceState[] others, float @Nullable [] theirCapacities, float theirLeastShare) {
        return leastShare == theirLeastShare
                && Arrays.equals(standings, others)
                && Arrays.equals(capacities, theirCapacities);
    }
}
