package dev.treaty.balance;

import dev.treaty.core.call.Call;
import dev.treaty.core.call.CandidateSet;
import dev.treaty.core.call.Exclusion;
import dev.treaty.core.call.Exclusion.Reason;
import dev.treaty.core.discovery.ServiceInstance;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The instances that a {@link LoadBalancer} picks from, by index in the order of their ids: an immutable snapshot,
 * whose loads and states are read at the moment of each access. Reading it allocates nothing.
 *
 * <p>It contains all instances that the call may be sent to. Instances that do not accept calls now, or are excluded in
 * favour of nearer ones, are not {@link #available}; {@link #draw} returns a random one of the others, by weight, in
 * constant time.
 *
 * @param <M> the members of the {@link BalancedInstances}
 */
public final class Candidates<M extends BalancedInstance> implements CandidateSet {
    /** The maximum number of listed exclusions. */
    static final int EXCLUSIONS_MAX = 1_000;

    /** The number of random draws before all instances are compared. */
    private static final int DRAWS_MAX = 4;

    /** What stays the same until an instance is added or removed: the key of hash tables. */
    final Subset<M> subset;

    private final InstanceState[] all;
    private final int @Nullable [] eligible;
    private final float @Nullable [] weights;
    private final @Nullable AliasTable shares;
    private final @Nullable Exclusion @Nullable [] exclusions;
    private final float heaviest;
    private final float mostKept;
    private final boolean panic;
    private final boolean allGone;
    private final int connectionsMax;

    /**
     * A snapshot.
     *
     * @param subset what stays the same until an instance is added or removed
     * @param all every instance of the service
     * @param weights the weight of each instance in the subset, zero for those that are not picked; null if all are
     *     equal
     * @param exclusions the exclusion of each instance in the subset, null if it is not excluded; null if none is
     * @param allGone whether all instances have probably ended, so that in a panic they get calls all the same
     */
    Candidates(
            Subset<M> subset,
            InstanceState[] all,
            float @Nullable [] weights,
            @Nullable Exclusion @Nullable [] exclusions,
            boolean panic,
            boolean allGone,
            int connectionsMax) {
        this.subset = subset;
        this.all = all;
        this.weights = weights;
        this.exclusions = exclusions;
        this.panic = panic;
        this.allGone = allGone;
        this.connectionsMax = connectionsMax;
        this.mostKept = (float) IntStream.range(0, subset.size())
                .mapToDouble(i -> weight(i) / subset.capacity(i))
                .max()
                .orElse(1);
        if (weights == null) {
            this.eligible = null;
            this.shares = null;
            this.heaviest = 1;
            return;
        }
        this.eligible =
                IntStream.range(0, weights.length).filter(i -> weights[i] > 0).toArray();
        double[] drawn = IntStream.of(eligible).mapToDouble(i -> weights[i]).toArray();
        var summary = DoubleStream.of(drawn).summaryStatistics();
        this.shares = summary.getMin() >= summary.getMax() ? null : new AliasTable(drawn, summary.getSum());
        this.heaviest = (float) summary.getMax();
    }

    /** The number of instances, available or not. */
    public int size() {
        return subset.size();
    }

    /** The number of instances that can be picked, without regard to what changes from moment to moment. */
    @Override
    public int eligible() {
        return eligible == null ? subset.size() : eligible.length;
    }

    /** The index of the nth instance that can be picked. */
    int eligible(int n) {
        return eligible == null ? n : eligible[n];
    }

    /** The instance at that index. */
    public ServiceInstance instance(int index) {
        return member(index).instance();
    }

    /** The member of the {@link BalancedInstances} at that index. */
    public M member(int index) {
        return subset.member(index);
    }

    /** The load of the instance at that index. */
    public Load load(int index) {
        return member(index).load();
    }

    /** Returns true if an instance with that calls word is healthy and below its limit: no further check is needed. */
    boolean free(long calls) {
        return Load.state(calls) == Load.HEALTHY && Load.inFlight(calls) < connectionsMax;
    }

    int inFlight(int index) {
        return Load.inFlight(subset.calls(index));
    }

    /** The share of the instance relative to the others; zero if it is not picked. */
    public float weight(int index) {
        return weights == null ? 1 : weights[index];
    }

    /** Returns true if all instances that can be picked have the same weight. */
    boolean even() {
        return shares == null;
    }

    /** The greatest weight. */
    float heaviest() {
        return heaviest;
    }

    /**
     * The weight of the instance relative to the one that it asks for, from 0 to 1 (the greatest of all): the part of
     * its keys that it keeps. A cold or far instance, or one that is partly in the subset, keeps few.
     */
    float kept(int index) {
        return weight(index) / subset.capacity(index) / mostKept;
    }

    /** Returns true if the instance accepts a call now. A load balancer never picks another. */
    public boolean available(int index, long nowNanos) {
        long calls = subset.calls(index);
        if (weight(index) == 0) {
            return false;
        }
        return Load.state(calls) == Load.UNHEALTHY
                ? acceptsThoughUnhealthy(index, nowNanos)
                : Load.inFlight(calls) < connectionsMax;
    }

    private boolean acceptsThoughUnhealthy(int index, long nowNanos) {
        if (panic(index)) {
            Reason reason = member(index).exclusion(nowNanos);
            return (reason == null || InstanceState.unhealthy(reason)) && inFlight(index) < connectionsMax;
        }
        return subset.states[index].acceptsCalls(nowNanos);
    }

    /**
     * Returns true if the instance accepts a call now and this call was not tried there. A retry prefers instances
     * where it was not tried and would not be a probe.
     */
    public boolean fits(int index, Call call, long nowNanos) {
        return available(index, nowNanos)
                && (call.context().record().untried()
                        || (!call.context().record().triedAt(instance(index).id()) && (panic || !unhealthy(index))));
    }

    /** Returns true if calls are sent there only as probes, or because of a panic. */
    boolean unhealthy(int index) {
        return Load.state(subset.calls(index)) == Load.UNHEALTHY;
    }

    /**
     * Returns true if a call should be sent there without regard to load: a probe, or the initial share of a cold one.
     */
    boolean mustProbe(int index, RandomGenerator random) {
        return switch (Load.state(subset.calls(index))) {
            case Load.HEALTHY -> false;
            case Load.UNHEALTHY -> !panic(index);
            default -> random.nextFloat() * subset.states[index].ramp < subset.initialShare;
        };
    }

    /** Draws a random instance by weight; {@link LoadBalancer#NONE} if no instance can be picked. */
    public int draw(RandomGenerator random) {
        int count = eligible();
        if (count == 0) {
            return LoadBalancer.NONE;
        }
        long bits = random.nextLong();
        return eligible(shares == null ? AliasTable.uniform(bits >>> 32, count) : shares.draw(bits));
    }

    /** Draws a random instance other than that one, without regard to weights; the same if it is the only one. */
    int other(int index, RandomGenerator random) {
        int count = eligible();
        if (count == 1) {
            return index;
        }
        int n = AliasTable.uniform(random.nextInt() & 0xFFFF_FFFFL, count - 1);
        return eligible(n) < index ? eligible(n) : eligible(n + 1);
    }

    /** Draws a random instance that fits; after some draws without success, the least loaded that fits. */
    int drawFitting(Call call, long nowNanos, RandomGenerator random) {
        for (int draws = 0; draws < DRAWS_MAX && eligible() > 0; draws++) {
            int index = draw(random);
            if (fits(index, call, nowNanos)) {
                return index;
            }
        }
        return leastLoaded(call, nowNanos);
    }

    /** Returns the least loaded instance that fits, else the least loaded that is available; compares all instances. */
    int leastLoaded(Call call, long nowNanos) {
        int best = LoadBalancer.NONE;
        boolean bestFits = false;
        int count = eligible();
        for (int n = 0; n < count; n++) {
            int index = eligible((int) (((long) subset.first + n) % count));
            if (available(index, nowNanos)) {
                boolean fits = fits(index, call, nowNanos);
                if (best == LoadBalancer.NONE || (fits == bestFits ? inFlight(index) < inFlight(best) : fits)) {
                    best = index;
                    bestFits = fits;
                }
            }
        }
        return best;
    }

    /**
     * Returns these candidates with further exclusions.
     *
     * @param exclusion why a member is excluded; null if it is not
     */
    public Candidates<M> without(Function<? super M, @Nullable Exclusion> exclusion) {
        var fewer = new float[subset.size()];
        var reasons = new @Nullable Exclusion[subset.size()];
        for (int i = 0; i < fewer.length; i++) {
            Exclusion excluded = exclusion.apply(member(i));
            fewer[i] = excluded == null ? weight(i) : 0;
            reasons[i] = excluded != null ? excluded : exclusions == null ? null : exclusions[i];
        }
        return new Candidates<>(subset, all, fewer, reasons, panic, allGone, connectionsMax);
    }

    /** Picks an instance with the load balancer of this service; {@link LoadBalancer#NONE} if none accepts the call. */
    public int pick(Call call, long nowNanos) {
        return eligible() == 0 ? LoadBalancer.NONE : subset.balancer.pick(this, call, nowNanos);
    }

    /** Returns true if any instance of the service is excluded or gets a smaller share. */
    public boolean restricted() {
        return exclusions != null || panic || subset.size() < all.length;
    }

    @Override
    public boolean panic() {
        return panic;
    }

    /** Returns true if the instance gets calls in a panic, whatever its breaker says. */
    public boolean panic(int index) {
        return panic && (allGone || !subset.states[index].gone);
    }

    @Override
    public List<Exclusion> exclusions() {
        var listed = new ArrayList<Exclusion>();
        int next = 0;
        for (int i = 0; i < all.length && listed.size() < EXCLUSIONS_MAX; i++) {
            boolean inSubset = next < subset.size() && subset.states[next] == all[i];
            Exclusion exclusion = inSubset ? exclusion(next++) : all[i].exclusionFromSubset();
            if (exclusion != null) {
                listed.add(exclusion);
            }
        }
        return List.copyOf(listed);
    }

    private @Nullable Exclusion exclusion(int index) {
        Exclusion known = exclusions == null ? null : exclusions[index];
        return known == null && inFlight(index) >= connectionsMax
                ? new Exclusion(instance(index).id(), Reason.CONNECTION_LIMIT, inFlight(index) + " calls under way")
                : known;
    }
}
