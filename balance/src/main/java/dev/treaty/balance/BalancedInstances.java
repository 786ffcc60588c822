package dev.treaty.balance;

import dev.treaty.core.call.Call;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.event.Event;
import dev.treaty.core.event.RuntimeDependencies;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.List;
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
    private volatile @Nullable Other<M> other;

    private volatile Supplier<? extends Collection<? extends M>> latestMembers = List::of;

    /** How often the members have changed. */
    private final AtomicLong changes = new AtomicLong();

    /** How many of these changes the snapshot has. */
    private volatile long changesShown;

    /** The lock guards all following fields. */
    private BalanceSetup setup;

    private boolean ejects = true;
    private Locality location;
    private List<M> members = List.of();
    private InstanceState[] all = new InstanceState[0];
    private SetupView<M> view;
    private boolean reshaped;
    private long comparedNanos;
    private boolean panic;

    /**
     * Instances without members.
     *
     * @param setup how calls are distributed at first
     * @param connectionsMax the maximum number of calls in flight at one instance
     */
    public BalancedInstances(
            ServiceName service,
            BalanceSetup setup,
            Locality location,
            int connectionsMax,
            RuntimeDependencies runtime) {
        this.service = service;
        this.setup = setup;
        this.location = location;
        this.connectionsMax = connectionsMax;
        this.runtime = runtime;
        this.loads = new LoadTracker(setup.policy().load());
        this.comparedNanos = runtime.time().nanoTime();
        this.dueNanos = new AtomicLong(comparedNanos);
        this.view = view(setup, null);
        this.routing = view.routing();
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

    /** Uses another setup from the next call on. */
    public void reconfigure(BalanceSetup changed) {
        change(() -> {
            setup = changed;
            loads.policy(changed.policy().load());
        });
    }

    /** Changes whether instances may be ejected; if not, none is, whatever the policy says. */
    public void ejecting(boolean changed) {
        change(() -> ejects = changed);
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

    /**
     * Selects the candidates for an attempt of the call, and the destination of its copies, by the routing rules of the
     * present setup.
     */
    public Selection<M> select(Call call, long nowNanos) {
        return current(nowNanos).select(call, runtime.random());
    }

    /**
     * Selects the candidates for an attempt of a call by the setup that the call began with. If another one has
     * replaced it since, the candidates are made for this call from the present state of the instances.
     */
    @SuppressWarnings("ReferenceEquality") // setups are compared by identity
    public Selection<M> select(Call call, long nowNanos, BalanceSetup own) {
        Routing<M> current = current(nowNanos);
        return (current.setup == own ? current : other(current, own)).select(call, runtime.random());
    }

    /** What a setup other than the present one selects from; the last one made is kept for other calls. */
    @SuppressWarnings("ReferenceEquality")
    private Routing<M> other(Routing<M> current, BalanceSetup own) {
        Other<M> known = other;
        if (known != null && known.current == current && known.routing.setup == own) {
            return known.routing;
        }
        lock.lock();
        try {
            Routing<M> made = view(own, view).routing();
            other = new Other<>(current, made);
            return made;
        } finally {
            lock.unlock();
        }
    }

    /** What calls with another setup than the present one select from, as long as the present snapshot is current. */
    private record Other<M extends BalancedInstance>(Routing<M> current, Routing<M> routing) {}

    private SetupView<M> view(BalanceSetup of, @Nullable SetupView<M> replaced) {
        var instances = new SetupView.Instances<M>(members, all, location, loads, connectionsMax, runtime.random());
        return new SetupView<>(of, instances, replaced);
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
            view = view(setup, view);
            view.share();
        }
        boolean active = refreshStates(nowNanos, emitted);
        boolean changed = reshaped;
        for (InstanceState state : all) {
            changed |= state.changed();
        }
        if (changed) {
            routing = snapshots(emitted);
            other = null;
        }
        changesShown = seen;
        if (active) {
            dueNanos.compareAndSet(due, nowNanos + ACTIVE_INTERVAL_NANOS * (1 + all.length / INTERVAL_SCALE));
        }
    }

    private Routing<M> snapshots(List<Event> emitted) {
        Routing<M> next = view.routing();
        Candidates<M> everything = next.all();
        if (everything.panic() != panic) {
            panic = everything.panic();
            emitted.add(new Event.PanicChanged(service, panic, unhealthy(), everything.size()));
        }
        reshaped = false;
        return next;
    }

    /** How instances are ejected at present. */
    private EjectionPolicy ejection() {
        EjectionPolicy configured = setup.policy().ejection();
        return ejects ? configured : configured.enabled(false);
    }

    /** Refreshes every state and ejects outliers; returns true if a state will change soon by itself. */
    private boolean refreshStates(long nowNanos, List<Event> emitted) {
        Instant now = runtime.time().instant();
        EjectionPolicy ejection = ejection();
        for (InstanceState state : all) {
            String reason = state.advance(ejection, panic, nowNanos, runtime.random());
            if (reason != null) {
                emitted.add(new Event.EjectionChanged(service, state.id, state.ejected(), reason));
            }
            state.refresh(setup.policy().slowStart(), nowNanos, now);
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
        EjectionPolicy ejection = ejection();
        List<InstanceState> compared = Arrays.stream(all)
                .filter(BalancedInstances::comparable)
                .filter(state -> state.window().calls() >= ejection.minimumCalls())
                .toList();
        int eligible = (int) Arrays.stream(all)
                .filter(state -> state.inSubset() && state.eligible() && !state.gone)
                .count();
        int allowed = setup.policy().unhealthyMax(eligible) - unhealthy();
        for (var outlier : OutlierDetection.find(compared, loads, ejection, nowNanos)) {
            if (allowed-- <= 0) {
                return; // another unhealthy instance is better than too few instances
            }
            InstanceState state = outlier.state();
            state.eject(outlier.reason(), ejection, nowNanos, runtime.random());
            state.refresh(setup.policy().slowStart(), nowNanos, now);
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
}
