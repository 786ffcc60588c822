package dev.treaty.balance;

import dev.treaty.balance.RoutingPolicy.Destination;
import dev.treaty.core.call.Call;
import dev.treaty.core.call.Exclusion;
import dev.treaty.core.call.Exclusion.Reason;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.event.Event;
import dev.treaty.core.event.Events;
import dev.treaty.core.time.Time;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The instances of one service as one client balances its calls over them. It keeps, for every kind of call, a snapshot
 * of {@link Candidates}, in which everything that is not from moment to moment has become a weight or an exclusion:
 * health, breakers, ejection, slow start, locality, the subset, the routing rules. Readers take a snapshot with one
 * read and never wait; it is made anew, by one of them, when something has changed or a short time has passed.
 *
 * <p>All that leaves instances out because they are sick shares one budget, {@link BalancePolicy#unhealthyRatioMax()}. Ejection
 * stops where it is used up; where more are sick than it allows, all are picked from: the fleet is in <em>panic</em>,
 * and says so.
 *
 * <p>Members and their loads live on when a policy is replaced or an instance is updated.
 */
public final class BalancedInstances {
    /** How soon things are looked at again while something is in motion: a sick or a cold instance. */
    private static final long MOTION_NANOS = 100_000_000;

    /** How soon at the latest. */
    private static final long CALM_NANOS = 1_000_000_000;

    /** For each so many instances more, looks are further apart by as much again: looking costs, too. */
    private static final int LOOK_SCALE = 10_000;

    /** From this share of the warmest on an instance is warm: those that started together are alike. */
    private static final float WARM = 0.9f;

    private final ServiceName service;
    private final int connectionsMax;
    private final Time time;
    private final RandomGenerator random;
    private final Events events;
    private final LoadTracker loads;
    private final ReentrantLock lock = new ReentrantLock();
    private final AtomicLong dueNanos;
    private volatile Routing routing;

    /** The rest is guarded by the lock. */
    private BalancePolicy policy;

    private RoutingPolicy rules;
    private Locality place;
    private @Nullable LoadBalancer own;
    private InstanceState[] all = new InstanceState[0];
    private final Map<Destination, Subset> slices = new HashMap<>();
    private boolean reshaped = true;
    private float[] parts = new float[0];
    private long judgedNanos;
    private boolean panic;

    /**
     * A fleet without members.
     *
     * @param connectionsMax how many calls may be under way at one instance
     */
    public BalancedInstances(
            ServiceName service,
            BalancePolicy policy,
            RoutingPolicy rules,
            Locality place,
            int connectionsMax,
            Time time,
            RandomGenerator random,
            Events events) {
        this.service = service;
        this.policy = policy;
        this.rules = rules;
        this.place = place;
        this.connectionsMax = connectionsMax;
        this.time = time;
        this.random = random;
        this.events = events;
        this.loads = new LoadTracker(policy.load());
        this.judgedNanos = time.nanoTime();
        this.dueNanos = new AtomicLong(judgedNanos);
        this.routing = refresh(judgedNanos, new ArrayList<>());
    }

    /**
     * These are the members now; those that were there before go on as they are.
     *
     * @param members asked for the newest once nobody else changes anything
     */
    public void members(Supplier<? extends Collection<? extends BalancedInstance>> members) {
        change(now -> {
            var known = new IdentityHashMap<BalancedInstance, InstanceState>();
            for (InstanceState standing : all) {
                known.put(standing.member(), standing);
            }
            all = members.get().stream()
                    .map(member -> {
                        InstanceState standing = known.get(member);
                        return standing != null ? standing : standing(member, now);
                    })
                    .sorted(Comparator.comparing(InstanceState::id))
                    .toArray(InstanceState[]::new);
            loads.count(all.length);
            reshaped = true;
        });
    }

    @SuppressWarnings("ReferenceEquality") // each fleet has its own
    private InstanceState standing(BalancedInstance member, long nowNanos) {
        if (member.load().all() != loads) {
            throw new IllegalArgumentException("the load of "
                    + member.instance().id() + " is of another fleet: make it by load() of the one that it joins");
        }
        return new InstanceState(member, nowNanos);
    }

    /** The load of an instance that may become a member: nobody has called it yet. */
    public Load load() {
        return loads.load();
    }

    /** Balances otherwise from the next call on. */
    public void reconfigure(BalancePolicy changed, RoutingPolicy changedRules) {
        change(_ -> {
            if (!changed.policy().equals(policy.policy()) || !changed.hash().equals(policy.hash())) {
                slices.clear();
            }
            policy = changed;
            rules = changedRules;
            loads.policy(changed.load());
            reshaped = true;
        });
    }

    /** Picks with that from the next call on, or as the policy says where it is null. */
    public void balancer(@Nullable LoadBalancer changed) {
        change(_ -> {
            own = changed;
            slices.clear();
            reshaped = true;
        });
    }

    /** This client stands there from now on. */
    public void place(Locality changed) {
        change(_ -> {
            place = changed;
            reshaped = true;
        });
    }

    private interface Change {
        void make(long nowNanos);
    }

    private void change(Change change) {
        var news = new ArrayList<Event>();
        lock.lock();
        try {
            long now = time.nanoTime();
            change.make(now);
            routing = refresh(now, news);
        } finally {
            lock.unlock();
        }
        news.forEach(events::emit);
    }

    /** Something about a member has changed: whoever asks next looks anew. */
    public void touch(long nowNanos) {
        dueNanos.set(nowNanos);
    }

    /** Those that the call may be for. */
    public Candidates candidates(Call call, long nowNanos) {
        return current(nowNanos).candidates(call, random);
    }

    /** Those of whom one gets a copy of the call; null where none does. */
    public @Nullable Candidates mirror(Call call, long nowNanos) {
        return current(nowNanos).mirror(call, random);
    }

    /** All instances of the service that this client may call, whatever the routing rules. */
    public Candidates all(long nowNanos) {
        return current(nowNanos).all();
    }

    private Routing current(long nowNanos) {
        if (nowNanos - dueNanos.get() >= 0 && lock.tryLock()) { // where somebody else looks, the old one will do
            var news = new ArrayList<Event>();
            try {
                routing = refresh(nowNanos, news);
            } finally {
                lock.unlock();
            }
            news.forEach(events::emit);
        }
        return routing;
    }

    /** Looks at all instances; makes new snapshots where one of them stands otherwise than before. */
    private Routing refresh(long nowNanos, List<Event> news) {
        // What is touched meanwhile is due again at once.
        long mark = nowNanos + CALM_NANOS;
        dueNanos.set(mark);
        if (reshaped) {
            subset();
        }
        boolean motion = states(nowNanos, news);
        boolean changed = reshaped;
        for (InstanceState standing : all) {
            changed |= standing.changed();
        }
        Routing now = changed ? snapshots(news) : routing;
        if (motion) {
            dueNanos.compareAndSet(mark, nowNanos + MOTION_NANOS * (1 + all.length / LOOK_SCALE));
        }
        return now;
    }

    private Routing snapshots(List<Event> news) {
        Destination every = Destination.DEFAULT;
        Candidates everyone = candidates(every);
        if (everyone.panic() != panic) {
            panic = everyone.panic();
            news.add(new Event.PanicChanged(service, panic, sick(), everyone.size()));
        }
        Map<Destination, Candidates> routed = Routing.byDestination(rules, this::candidates);
        slices.keySet().removeIf(to -> !to.equals(every) && !routed.containsKey(to));
        reshaped = false;
        return new Routing(rules, everyone, routed);
    }

    private void subset() {
        var hashes = new long[all.length];
        for (int i = 0; i < hashes.length; i++) {
            hashes[i] = all[i].hash();
        }
        parts = Aperture.parts(hashes, policy.subset(), place.index(), place.clients());
        for (int i = 0; i < parts.length; i++) {
            all[i].inSubset(parts[i] > 0);
        }
    }

    /**
     * Finds out how every instance stands.
     *
     * @return whether one of them will be different soon without anybody's doing
     */
    private boolean states(long nowNanos, List<Event> news) {
        Instant now = time.instant();
        EjectionPolicy ejection = policy.ejection();
        for (InstanceState standing : all) {
            boolean out = standing.ejected();
            String told = standing.proceed(ejection, panic, nowNanos, random);
            if (!told.isEmpty()) {
                news.add(new Event.EjectionChanged(service, standing.id(), standing.ejected() && out, told));
            }
            standing.refresh(policy.slowStart(), nowNanos, now);
        }
        if (nowNanos - judgedNanos >= ejection.interval().toNanos()) {
            judgedNanos = nowNanos;
            if (ejection.enabled()) {
                eject(nowNanos, now, news);
            }
            forget(ejection, nowNanos);
        }
        return warm();
    }

    private void eject(long nowNanos, Instant now, List<Event> news) {
        var candidates = new ArrayList<InstanceState>();
        int meant = 0;
        for (InstanceState standing : all) {
            if (standing.inSubset() && standing.eligible()) {
                meant++;
                if (comparable(standing)
                        && standing.window().calls() >= policy.ejection().minimumCalls()) {
                    candidates.add(standing);
                }
            }
        }
        int left = policy.sickMax(meant) - sick();
        for (OutlierDetection.Outlier outlier :
                OutlierDetection.judge(candidates, loads, policy.ejection(), nowNanos)) {
            if (left-- <= 0) {
                return; // a sick instance more is better than too few
            }
            InstanceState standing = outlier.standing();
            standing.eject(outlier.reason(), policy.ejection(), nowNanos, random);
            standing.refresh(policy.slowStart(), nowNanos, now);
            news.add(new Event.EjectionChanged(service, standing.id(), true, outlier.reason()));
        }
    }

    /** What is not judged soon is never judged; at once where there are too few for it, or none ever are. */
    private void forget(EjectionPolicy ejection, long nowNanos) {
        long comparable =
                Arrays.stream(all).filter(BalancedInstances::comparable).count();
        boolean never = !ejection.enabled() || comparable < ejection.minimumInstances();
        for (InstanceState standing : all) {
            if (never || standing.stale(ejection, nowNanos)) {
                standing.judged(nowNanos);
            }
        }
    }

    /** Whether it gets calls like the others, so that its calls can be compared with theirs. */
    private static boolean comparable(InstanceState standing) {
        return standing.inSubset() && standing.exclusion() == null && !standing.ejected();
    }

    private int sick() {
        int sick = 0;
        for (InstanceState standing : all) {
            if (standing.inSubset() && standing.sick()) {
                sick++;
            }
        }
        return sick;
    }

    /** Sets how cold each instance is compared with the warmest: where all are cold, none is. */
    private boolean warm() {
        float warmest = 0;
        for (InstanceState standing : all) {
            if (standing.inSubset() && standing.well()) {
                warmest = Math.max(warmest, standing.ramp());
            }
        }
        boolean motion = false;
        for (InstanceState standing : all) {
            boolean well = standing.well();
            if (well) {
                float ramp = standing.ramp() / warmest;
                standing.ramp(ramp >= WARM ? 1 : ramp);
                standing.load().standing(ramp >= WARM ? Load.WELL : Load.COLD);
            } else {
                standing.ramp(1);
            }
            motion |= !well || standing.ramp() < 1;
        }
        return motion;
    }

    /** The snapshot for one kind of call. */
    private Candidates candidates(Destination to) {
        Subset known = reshaped ? null : slices.get(to);
        Subset slice = known == null ? reshape(to) : known;
        InstanceState[] standings = slice.standings();
        int meant = 0;
        int sick = 0;
        for (InstanceState standing : standings) {
            meant += standing.eligible() ? 1 : 0;
            sick += standing.sick() ? 1 : 0;
        }
        boolean panics = sick > policy.sickMax(meant);
        var weights = new float[standings.length];
        for (int i = 0; i < weights.length; i++) {
            weights[i] = weight(standings[i], panics) * slice.capacity(i);
        }
        boolean[] far = locality(standings, weights);
        scaleByPart(standings, weights);
        boolean even = true;
        for (float weight : weights) {
            even &= weight > 0 && weight == weights[0];
        }
        Exclusion[] exclusions = exclusions(standings, far);
        return new Candidates(slice, all, even ? null : weights, exclusions, panics, connectionsMax);
    }

    private static float weight(InstanceState standing, boolean panics) {
        Exclusion exclusion = standing.exclusion();
        // Whether a trial may go at this moment, its member is asked when it is picked.
        boolean picked = exclusion == null
                || exclusion.reason() == Reason.ON_TRIAL
                || (panics && InstanceState.sick(exclusion.reason()));
        return picked ? standing.ramp() : 0;
    }

    /** Weighs the levels of nearness; tells which instances are left out because they are far. */
    private boolean[] locality(InstanceState[] standings, float[] weights) {
        LocalityPolicy locality = policy.locality();
        var level = new int[standings.length];
        var total = new double[LocalitySpillover.LEVELS];
        for (int i = 0; i < level.length; i++) {
            level[i] = place.distance(standings[i].member().instance(), locality.prefer());
            total[level[i]] += standings[i].eligible() ? 1 : 0;
        }
        // What is too small to carry the calls is no level of its own.
        for (int nearer = 0; nearer < LocalitySpillover.LEVELS - 1; nearer++) {
            if (total[nearer] > 0 && total[nearer] < locality.minimumInstances()) {
                total[nearer + 1] += total[nearer];
                total[nearer] = 0;
                for (int i = 0; i < level.length; i++) {
                    level[i] = level[i] == nearer ? nearer + 1 : level[i];
                }
            }
        }
        var well = new double[LocalitySpillover.LEVELS];
        var sum = new double[LocalitySpillover.LEVELS];
        for (int i = 0; i < level.length; i++) {
            well[level[i]] += weights[i] > 0 ? 1 : 0;
            sum[level[i]] += weights[i];
        }
        double[] shares = LocalitySpillover.shares(total, well, locality.overprovisioning());
        var far = new boolean[standings.length];
        for (int i = 0; i < level.length; i++) {
            double share = shares[level[i]];
            if (share < 1 && weights[i] > 0) {
                weights[i] = (float) (weights[i] * share / sum[level[i]]);
                far[i] = share == 0;
            }
        }
        return far;
    }

    private void scaleByPart(InstanceState[] standings, float[] weights) {
        int here = 0;
        for (int i = 0; i < all.length && here < standings.length; i++) {
            if (all[i] == standings[here]) {
                weights[here++] *= parts[i];
            }
        }
    }

    private static Exclusion @Nullable [] exclusions(InstanceState[] standings, boolean[] far) {
        Exclusion[] exclusions = null;
        for (int i = 0; i < far.length; i++) {
            Exclusion exclusion = standings[i].exclusion();
            if (exclusion == null && far[i]) {
                exclusion = Exclusion.of(standings[i].id(), Reason.WRONG_ZONE);
            } else if (exclusion == null && standings[i].ramp() < 1) {
                int percent = Math.round(standings[i].ramp() * 100);
                exclusion = new Exclusion(standings[i].id(), Reason.COLD, percent + " % of its share");
            }
            if (exclusion != null) {
                exclusions = exclusions == null ? new Exclusion[far.length] : exclusions;
                exclusions[i] = exclusion;
            }
        }
        return exclusions;
    }

    /** The instances of one kind of call anew; what is the same as before stays the same. */
    private Subset reshape(Destination to) {
        Subset before = slices.get(to);
        InstanceState[] standings = Arrays.stream(all)
                .filter(s -> s.inSubset() && to.test(s.member().instance()))
                .toArray(InstanceState[]::new);
        float[] capacities = capacities(standings);
        float leastShare = (float) policy.slowStart().share();
        LoadBalancer given = own;
        LoadBalancer balancer = given != null
                ? given
                : before != null ? before.balancer() : policy.policy().create(policy.hash(), random);
        if (before != null && before.same(standings, capacities, leastShare)) {
            return before;
        }
        var slice = new Subset(standings, loads, capacities, balancer, leastShare);
        slices.put(to, slice);
        return slice;
    }

    private float @Nullable [] capacities(InstanceState[] standings) {
        var capacities = new float[standings.length];
        boolean even = true;
        for (int i = 0; i < capacities.length; i++) {
            capacities[i] = standings[i].member().instance().weight();
            even &= capacities[i] == capacities[0];
        }
        return even || !policy.policy().weighted() ? null : capacities;
    }
}
