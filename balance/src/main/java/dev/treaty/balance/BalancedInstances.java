package dev.treaty.balance;

import dev.treaty.balance.RoutingPolicy.Destination;
import dev.treaty.core.call.Call;
import dev.treaty.core.call.Exclusion;
import dev.treaty.core.call.Exclusion.Reason;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.event.Event;
import dev.treaty.core.event.RuntimeDependencies;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The instances of one service over which one client balances its calls. For every destination of the routing rules it
 * keeps a snapshot of {@link Candidates}, in which everything that does not change from moment to moment has become a
 * weight or an exclusion: health, breakers, ejection, slow start, locality, subset. Readers get a snapshot with one
 * read; one of them replaces it when something has changed or a short time has passed, and the others wait for it only
 * if the members have changed.
 *
 * <p>All exclusions of unhealthy instances share one limit, {@link BalancePolicy#unhealthyRatioMax()}. Ejection stops
 * at the limit; if more instances are unhealthy, calls are sent to all of them: the service is in <em>panic</em>, which
 * emits an event. Unhealthy instances that have probably ended are left out of all this while there are others.
 *
 * <p>Members and their loads are kept when a policy is replaced or an instance is updated.
 *
 * @param <M> the members
 */
public final class BalancedInstances<M extends BalancedInstance> {
    /** The refresh interval while an instance is unhealthy or cold. */
    private static final long ACTIVE_INTERVAL_NANOS = 100_000_000;

    /** The longest refresh interval. */
    private static final long INTERVAL_MAX_NANOS = 1_000_000_000;

    /** The active interval grows by itself for each such number of instances, since a refresh visits all of them. */
    private static final int INTERVAL_SCALE = 10_000;

    /** From this share of the warmest instance an instance is warm: instances that started together are equal. */
    private static final float WARM = 0.9f;

    private final ServiceName service;
    private final int connectionsMax;
    private final RuntimeDependencies runtime;
    private final LoadTracker loads;
    private final ReentrantLock lock = new ReentrantLock();
    private final AtomicLong dueNanos;
    private volatile Routing<M> routing;

    private volatile Supplier<? extends Collection<? extends M>> latestMembers = List::of;

    /** How often the members have changed. */
    private final AtomicLong changes = new AtomicLong();

    /** How many of these changes the snapshot has. */
    private volatile long changesShown;

    /** The lock guards all following fields. */
    private BalancePolicy policy;

    private RoutingPolicy rules;
    private Locality location;
    private @Nullable LoadBalancer custom;
    private List<M> members = List.of();
    private InstanceState[] all = new InstanceState[0];
    private final Map<Destination, Subset<M>> subsets = new HashMap<>();
    private boolean reshaped = true;
    private long comparedNanos;
    private boolean panic;

    /**
     * Instances without members.
     *
     * @param connectionsMax the maximum number of calls in flight at one instance
     */
    public BalancedInstances(
            ServiceName service,
            BalancePolicy policy,
            RoutingPolicy rules,
            Locality location,
            int connectionsMax,
            RuntimeDependencies runtime) {
        this.service = service;
        this.policy = policy;
        this.rules = rules;
        this.location = location;
        this.connectionsMax = connectionsMax;
        this.runtime = runtime;
        this.loads = new LoadTracker(policy.load());
        this.comparedNanos = runtime.time().nanoTime();
        this.dueNanos = new AtomicLong(comparedNanos);
        this.routing = snapshots(new ArrayList<>());
    }

    /**
     * Replaces the members; those that stay keep their state. The next call, or the next look at the candidates, uses
     * the new members: any number of changes before that cost one new snapshot.
     *
     * @param latest returns the members; called under the lock, so that concurrent calls end with the latest members
     */
    public void members(Supplier<? extends Collection<? extends M>> latest) {
        latestMembers = latest;
        changes.incrementAndGet();
    }

    private void takeMembers(Collection<? extends M> latest, long nowNanos) {
        var known = new IdentityHashMap<BalancedInstance, InstanceState>();
        for (InstanceState state : all) {
            known.put(state.member, state);
        }
        List<M> sorted = new ArrayList<>(latest);
        sorted.sort(Comparator.comparing(member -> member.instance().id()));
        members = List.copyOf(sorted);
        all = members.stream()
                .map(member -> Objects.requireNonNullElseGet(known.get(member), () -> state(member, nowNanos)))
                .toArray(InstanceState[]::new);
        loads.count(all.length);
        reshaped = true;
    }

    @SuppressWarnings("ReferenceEquality") // each service has its own tracker
    private InstanceState state(BalancedInstance member, long nowNanos) {
        if (member.load().tracker != loads) {
            throw new IllegalArgumentException("the load of "
                    + member.instance().id() + " belongs to other BalancedInstances: create it with load() of these");
        }
        return new InstanceState(member, nowNanos);
    }

    /** Creates the load of a new member. */
    public Load load() {
        return loads.load();
    }

    /** Replaces the policies from the next call on. */
    public void reconfigure(BalancePolicy changed, RoutingPolicy changedRules) {
        change(() -> {
            if (changed.policy() != policy.policy() || !changed.hash().equals(policy.hash())) {
                subsets.clear();
            }
            policy = changed;
            rules = changedRules;
            loads.policy(changed.load());
        });
    }

    /** Uses another load balancer from the next call on; null for the one of the policy. */
    public void balancer(@Nullable LoadBalancer changed) {
        change(() -> {
            custom = changed;
            subsets.clear();
        });
    }

    /** Changes the location of this client. */
    public void location(Locality changed) {
        change(() -> location = changed);
    }

    private void change(Runnable change) {
        var emitted = new ArrayList<Event>();
        lock.lock();
        try {
            change.run();
            reshaped = true;
            refresh(runtime.time().nanoTime(), emitted);
        } finally {
            lock.unlock();
        }
        emitted.forEach(runtime.events()::emit);
    }

    /** Schedules a refresh with the next call, because a member has changed. */
    public void touch(long nowNanos) {
        dueNanos.set(nowNanos);
    }

    /** Selects the candidates for an attempt of the call, and the destination of its copies, by the routing rules. */
    public Selection<M> select(Call call, long nowNanos) {
        return current(nowNanos).select(call, runtime.random());
    }

    /** All instances of the service, without regard to the routing rules. */
    public Candidates<M> all(long nowNanos) {
        return current(nowNanos).all();
    }

    private Routing<M> current(long nowNanos) {
        // While another thread refreshes, the previous snapshot is good enough, unless the members have changed.
        boolean outdated = changes.get() != changesShown;
        if (outdated) {
            lock.lock();
        }
        if (outdated || (nowNanos - dueNanos.get() >= 0 && lock.tryLock())) {
            var emitted = new ArrayList<Event>();
            try {
                if (!outdated || changes.get() != changesShown) {
                    refresh(nowNanos, emitted);
                }
            } finally {
                lock.unlock();
            }
            emitted.forEach(runtime.events()::emit);
        }
        return routing;
    }

    /** Refreshes the state of all instances; creates new snapshots if any has changed. */
    private void refresh(long nowNanos, List<Event> emitted) {
        // First: a change during the refresh makes the next one due at once.
        long due = nowNanos + INTERVAL_MAX_NANOS;
        dueNanos.set(due);
        long seen = changes.get();
        if (seen != changesShown) {
            takeMembers(latestMembers.get(), nowNanos);
        }
        if (reshaped) {
            long[] hashes = Arrays.stream(all).mapToLong(state -> state.hash).toArray();
            float[] parts = Aperture.parts(hashes, policy.subset(), location.index(), location.clients());
            for (int i = 0; i < parts.length; i++) {
                all[i].part = parts[i];
            }
        }
        boolean active = refreshStates(nowNanos, emitted);
        boolean changed = reshaped;
        for (InstanceState state : all) {
            changed |= state.changed();
        }
        if (changed) {
            routing = snapshots(emitted);
        }
        changesShown = seen;
        if (active) {
            dueNanos.compareAndSet(due, nowNanos + ACTIVE_INTERVAL_NANOS * (1 + all.length / INTERVAL_SCALE));
        }
    }

    private Routing<M> snapshots(List<Event> emitted) {
        Candidates<M> everything = candidates(Destination.DEFAULT);
        if (everything.panic() != panic) {
            panic = everything.panic();
            emitted.add(new Event.PanicChanged(service, panic, unhealthy(), everything.size()));
        }
        var byDestination = new HashMap<Destination, Candidates<M>>();
        var next = new Routing<M>(
                rules, everything, to -> byDestination.computeIfAbsent(to.unweighted(), this::candidates));
        subsets.keySet().removeIf(to -> !to.equals(Destination.DEFAULT) && !byDestination.containsKey(to));
        reshaped = false;
        return next;
    }

    /** Refreshes every state and ejects outliers; returns true if a state will change soon by itself. */
    private boolean refreshStates(long nowNanos, List<Event> emitted) {
        Instant now = runtime.time().instant();
        EjectionPolicy ejection = policy.ejection();
        for (InstanceState state : all) {
            String reason = state.advance(ejection, panic, nowNanos, runtime.random());
            if (reason != null) {
                emitted.add(new Event.EjectionChanged(service, state.id, state.ejected(), reason));
            }
            state.refresh(policy.slowStart(), nowNanos, now);
        }
        if (nowNanos - comparedNanos >= ejection.interval().toNanos()) {
            comparedNanos = nowNanos;
            if (ejection.enabled()) {
                ejectOutliers(nowNanos, now, emitted);
            }
            discardWindows(ejection, nowNanos);
        }
        return warmUp();
    }

    private void ejectOutliers(long nowNanos, Instant now, List<Event> emitted) {
        EjectionPolicy ejection = policy.ejection();
        List<InstanceState> compared = Arrays.stream(all)
                .filter(BalancedInstances::comparable)
                .filter(state -> state.window().calls() >= ejection.minimumCalls())
                .toList();
        int eligible = (int) Arrays.stream(all)
                .filter(state -> state.inSubset() && state.eligible() && !state.gone)
                .count();
        int allowed = policy.unhealthyMax(eligible) - unhealthy();
        for (var outlier : OutlierDetection.find(compared, loads, ejection, nowNanos)) {
            if (allowed-- <= 0) {
                return; // another unhealthy instance is better than too few instances
            }
            InstanceState state = outlier.state();
            state.eject(outlier.reason(), ejection, nowNanos, runtime.random());
            state.refresh(policy.slowStart(), nowNanos, now);
            emitted.add(new Event.EjectionChanged(service, state.id, true, outlier.reason()));
        }
    }

    /** Discards windows that are too old, and all if too few instances can be compared or ejection is disabled. */
    private void discardWindows(EjectionPolicy ejection, long nowNanos) {
        boolean discardAll = !ejection.enabled()
                || Arrays.stream(all).filter(BalancedInstances::comparable).count() < ejection.minimumInstances();
        for (InstanceState state : all) {
            if (discardAll || state.windowExpired(ejection, nowNanos)) {
                state.startWindow(nowNanos);
            }
        }
    }

    /** Returns true if an instance gets calls like the others, so that its calls can be compared with theirs. */
    private static boolean comparable(InstanceState state) {
        return state.inSubset() && state.exclusion() == null && !state.ejected();
    }

    private int unhealthy() {
        return (int) Arrays.stream(all)
                .filter(state -> state.inSubset() && state.unhealthy() && !state.gone)
                .count();
    }

    /**
     * Scales the slow start of each instance by that of the warmest, so that none is cold if all are.
     *
     * @return true if an instance is unhealthy or cold
     */
    private boolean warmUp() {
        float warmest = 0;
        for (InstanceState state : all) {
            if (state.inSubset() && state.healthy()) {
                warmest = Math.max(warmest, state.ramp);
            }
        }
        boolean active = false;
        for (InstanceState state : all) {
            float ramp = state.healthy() ? state.ramp / warmest : 1;
            state.ramp = ramp >= WARM ? 1 : ramp;
            if (state.healthy()) {
                state.load().state(ramp >= WARM ? Load.HEALTHY : Load.COLD);
            }
            active |= !state.healthy() || ramp < WARM;
        }
        return active;
    }

    /** Creates the snapshot for one destination. */
    private Candidates<M> candidates(Destination to) {
        Subset<M> known = reshaped ? null : subsets.get(to);
        Subset<M> subset = known == null ? reshape(to) : known;
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
        boolean panics = unhealthy > policy.unhealthyMax(eligibles);
        var weights = new float[states.length];
        for (int i = 0; i < weights.length; i++) {
            weights[i] = states[i].weight(panics && eligible[i]) * subset.capacity(i);
        }
        float[] local = applyLocality(states, eligible, weights);
        boolean even = true;
        for (int i = 0; i < local.length; i++) {
            local[i] *= states[i].part;
            even &= local[i] > 0 && local[i] == local[0];
        }
        return new Candidates<>(
                subset, all, even ? null : local, exclusions(states, weights, local), panics, allGone, connectionsMax);
    }

    private float[] applyLocality(InstanceState[] states, boolean[] eligible, float[] weights) {
        int[] distances = Arrays.stream(states)
                .mapToInt(state -> location.distance(
                        state.member.instance(), policy.locality().prefer()))
                .toArray();
        return LocalitySpillover.weights(weights, distances, eligible, policy.locality());
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
    private Subset<M> reshape(Destination to) {
        Subset<M> before = subsets.get(to);
        var chosen = new ArrayList<M>();
        var states = new ArrayList<InstanceState>();
        for (int i = 0; i < all.length; i++) {
            if (all[i].inSubset() && to.test(members.get(i).instance())) {
                chosen.add(members.get(i));
                states.add(all[i]);
            }
        }
        boolean every = states.size() == all.length; // shares the arrays then
        InstanceState[] inSubset = every ? all : states.toArray(InstanceState[]::new);
        float[] capacities = capacities(chosen);
        float initialShare = (float) policy.slowStart().share();
        if (before != null && before.same(inSubset, capacities, initialShare)) {
            return before;
        }
        LoadBalancer given = custom;
        LoadBalancer balancer = given != null
                ? given
                : before != null ? before.balancer : policy.policy().create(policy.hash(), runtime.random());
        var subset = new Subset<M>(
                inSubset,
                every ? members : List.copyOf(chosen),
                loads,
                capacities,
                balancer,
                initialShare,
                runtime.random().nextInt(Integer.MAX_VALUE));
        subsets.put(to, subset);
        return subset;
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
