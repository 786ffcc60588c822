package dev.treaty.balance;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The instances of one destination in the order of their ids, with their load balancer: everything that stays the same
 * until an instance is added or removed.
 */
final class Subset<M extends BalancedInstance> {
    final InstanceState[] states;
    final LoadBalancer balancer;

    /** The guaranteed share of a cold instance. */
    final float initialShare;

    /**
     * The position of the first instance that is compared, so that clients do not all prefer the same of equal ones.
     */
    final int first;

    private final List<M> members;
    private final LoadTracker tracker;

    /** The blocks of the loads, and for each instance the number of its block and the offset there. */
    private final long[][] blocks;

    private final int[] positions;

    private final float @Nullable [] capacities;
    private final float[] parts;

    /**
     * A subset.
     *
     * @param members the members that the states belong to
     * @param capacities the weights that the instances ask for; null if all are equal
     * @param parts the part of each instance that belongs to the subset of this client, from 0 to 1
     * @param first a random number, not negative
     */
    Subset(
            InstanceState[] states,
            List<M> members,
            LoadTracker tracker,
            float @Nullable [] capacities,
            float[] parts,
            LoadBalancer balancer,
            float initialShare,
            int first) {
        this.states = states;
        this.members = members;
        this.tracker = tracker;
        this.positions = new int[states.length];
        this.blocks = locate(states, positions);
        this.capacities = capacities;
        this.parts = parts;
        this.balancer = balancer;
        this.initialShare = initialShare;
        this.first = first;
    }

    /** Fills in the positions of the loads; returns their blocks. */
    private static long[][] locate(InstanceState[] states, int[] positions) {
        var known = new IdentityHashMap<long[], Integer>();
        var blocks = new ArrayList<long[]>();
        for (int i = 0; i < positions.length; i++) {
            Load load = states[i].load();
            int number = known.computeIfAbsent(load.block, block -> {
                blocks.add(block);
                return blocks.size() - 1;
            });
            positions[i] = number << LoadTracker.BLOCK_BITS | load.offset;
        }
        return blocks.toArray(long[][]::new);
    }

    M member(int index) {
        return members.get(index);
    }

    int size() {
        return positions.length;
    }

    /** The calls word of one instance: what a load balancer reads first, and once; see {@link Load}. */
    long calls(int index) {
        int position = positions[index];
        return Load.calls(block(position), offset(position));
    }

    /** The expected latency there; see {@link Load#latencyNanos}. */
    float latency(int index, long nowNanos) {
        int position = positions[index];
        return Load.latency(tracker, block(position), offset(position), nowNanos);
    }

    /** The latency in nanoseconds when the last call ended; zero if it is not known. */
    float lastLatency(int index) {
        int position = positions[index];
        return Load.mean(block(position), offset(position));
    }

    private long[] block(int position) {
        return blocks[position >>> LoadTracker.BLOCK_BITS];
    }

    private static int offset(int position) {
        return position & (LoadTracker.BLOCK - 1);
    }

    float capacity(int index) {
        return capacities == null ? 1 : capacities[index];
    }

    /** The part of the instance that belongs to the subset of this client. */
    float part(int index) {
        return parts[index];
    }

    boolean same(
            InstanceState[] otherStates,
            float @Nullable [] otherCapacities,
            float[] otherParts,
            float otherInitialShare) {
        return initialShare == otherInitialShare
                && Arrays.equals(states, otherStates)
                && Arrays.equals(capacities, otherCapacities)
                && Arrays.equals(parts, otherParts);
    }
}
