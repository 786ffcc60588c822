package dev.treaty.balance;

import dev.treaty.balance.RoutingPolicy.Destination;
import dev.treaty.core.call.Exclusion;
import dev.treaty.core.call.Exclusion.Reason;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The instances as one setup sees them, until an instance is added or removed: makes the candidates of each destination
 * from the present states of the instances. It is used under the lock of its {@link BalancedInstances}.
 */
final class SetupView<M extends BalancedInstance> {
    private final BalanceSetup setup;
    private final Instances<M> instances;

    /** The part of each instance that belongs to the subset of this client. */
    private final float[] parts;

    /** The subsets of the destinations that have been used. */
    private final Map<Destination, Subset<M>> subsets = new HashMap<>();

    /** Those of the view that this one replaces, whose load balancers go on. */
    private Map<Destination, Subset<M>> before;

    /** What all views have in common. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Instances<M extends BalancedInstance>(
            List<M> members,
            InstanceState[] all,
            Locality location,
            LoadTracker loads,
            int connectionsMax,
            RandomGenerator random) {}

    /** @param replaced the view that this one replaces, or null */
    SetupView(BalanceSetup setup, Instances<M> instances, @Nullable SetupView<M> replaced) {
        this.setup = setup;
        this.instances = instances;
        this.before = replaced != null && replaced.setup.picksLike(setup) ? replaced.used() : Map.of();
        long[] hashes =
                Arrays.stream(instances.all).mapToLong(state -> state.hash).toArray();
        Locality location = instances.location;
        this.parts = Aperture.parts(hashes, setup.policy().subset(), location.index(), location.clients());
    }

    private Map<Destination, Subset<M>> used() {
        return subsets;
    }

    BalanceSetup setup() {
        return setup;
    }

    /** Makes the candidates of every call and of each destination, by the states that the instances have now. */
    Routing<M> routing() {
        var byDestination = new HashMap<Destination, Candidates<M>>();
        var routing = new Routing<M>(
                setup,
                candidates(Destination.DEFAULT),
                to -> byDestination.computeIfAbsent(to.unweighted(), this::candidates));
        before = Map.of(); // all destinations have their subsets now
        return routing;
    }

    /** Tells the instances which part of each belongs to the subset of this client. */
    void share() {
        for (int i = 0; i < parts.length; i++) {
            instances.all[i].part = parts[i];
        }
    }

    /** Creates the snapshot for one destination. */
    private Candidates<M> candidates(Destination to) {
        Subset<M> subset = subsets.computeIfAbsent(to, this::subset);
        InstanceState[] states = subset.states;
        boolean allGone = Arrays.stream(states).allMatch(state -> state.gone || !state.eligible());
        var eligible = new boolean[states.length];
        int eligibles = 0;
        int unhealthy = 0;
        for (int i = 0; i < eligible.length; i++) {
            eligible[i] = states[i].eligible() && (allGone || !states[i].gone);
            eligibles += eligible[i] ? 1 : 0;
            unhealthy += eligible[i] && states[i].unhealthy() ? 1 : 0;
        }
        boolean panics = unhealthy > setup.policy().unhealthyMax(eligibles);
        var weights = new float[states.length];
        for (int i = 0; i < weights.length; i++) {
            weights[i] = states[i].weight(panics && eligible[i]) * subset.capacity(i);
        }
        float[] local = applyLocality(states, eligible, weights);
        boolean even = true;
        for (int i = 0; i < local.length; i++) {
            local[i] *= subset.part(i);
            even &= local[i] > 0 && local[i] == local[0];
        }
        return new Candidates<>(
                subset,
                instances.all,
                even ? null : local,
                exclusions(states, weights, local),
                panics,
                allGone,
                instances.connectionsMax);
    }

    private float[] applyLocality(InstanceState[] states, boolean[] eligible, float[] weights) {
        int[] distances = Arrays.stream(states)
                .mapToInt(state -> instances.location.distance(
                        state.member.instance(), setup.policy().locality().prefer()))
                .toArray();
        return LocalitySpillover.weights(
                weights, distances, eligible, setup.policy().locality());
    }

    private static Exclusion @Nullable [] exclusions(InstanceState[] states, float[] weights, float[] local) {
        Exclusion[] exclusions = null;
        for (int i = 0; i < states.length; i++) {
            Exclusion exclusion = states[i].exclusion();
            if (exclusion == null && weights[i] > 0 && local[i] == 0) {
                exclusion = Exclusion.of(states[i].id, Reason.WRONG_ZONE);
            } else if (exclusion == null && states[i].ramp < 1) {
                int percent = Math.round(states[i].ramp * 100);
                exclusion = new Exclusion(states[i].id, Reason.COLD, percent + " % of its share");
            }
            if (exclusion != null) {
                exclusions = exclusions == null ? new Exclusion[states.length] : exclusions;
                exclusions[i] = exclusion;
            }
        }
        return exclusions;
    }

    /** Creates the subset of one destination, or returns the previous one if it has not changed. */
    private Subset<M> subset(Destination to) {
        Subset<M> known = before.get(to);
        var chosen = new ArrayList<M>();
        var states = new ArrayList<InstanceState>();
        var kept = new float[parts.length];
        for (int i = 0; i < parts.length; i++) {
            if (parts[i] > 0 && to.test(instances.members.get(i).instance())) {
                kept[chosen.size()] = parts[i];
                chosen.add(instances.members.get(i));
                states.add(instances.all[i]);
            }
        }
        boolean every = states.size() == parts.length; // shares the arrays then
        InstanceState[] inSubset = every ? instances.all : states.toArray(InstanceState[]::new);
        float[] shares = every ? parts : Arrays.copyOf(kept, inSubset.length);
        float[] capacities = capacities(chosen);
        float initialShare = (float) setup.policy().slowStart().share();
        if (known != null && known.same(inSubset, capacities, shares, initialShare)) {
            return known;
        }
        return new Subset<>(
                inSubset,
                every ? instances.members : List.copyOf(chosen),
                instances.loads,
                capacities,
                shares,
                known != null ? known.balancer : balancer(),
                initialShare,
                instances.random.nextInt(Integer.MAX_VALUE));
    }

    private LoadBalancer balancer() {
        LoadBalancer custom = setup.custom();
        return custom != null
                ? custom
                : setup.policy().policy().create(setup.policy().hash(), instances.random);
    }

    private float @Nullable [] capacities(List<M> chosen) {
        var capacities = new float[chosen.size()];
        boolean even = true;
        for (int i = 0; i < capacities.length; i++) {
            capacities[i] = chosen.get(i).instance().weight();
            even &= capacities[i] == capacities[0];
        }
        return even ? null : capacities;
    }
}
