package dev.treaty.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.treaty.core.discovery.DiscoveryEvent;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceInstance;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * A watcher for tests: records all events and the set of instances that results from them, waits for expected events,
 * and fails if an event contradicts the ones before it.
 */
public final class WatchRecorder implements Consumer<DiscoveryEvent> {
    private final List<DiscoveryEvent> events = new ArrayList<>();
    private final Map<String, ServiceInstance> view = new TreeMap<>();
    private final List<String> contradictions = new ArrayList<>();
    private int smallest = Integer.MAX_VALUE;
    private int taken;

    @Override
    public synchronized void accept(DiscoveryEvent event) {
        ServiceInstance before = view.get(event.instance().id());
        switch (event) {
            case DiscoveryEvent.Added added -> check(event, before == null);
            case DiscoveryEvent.Updated updated ->
                check(
                        event,
                        updated.before().equals(before) && !updated.instance().equals(before));
            case DiscoveryEvent.Removed removed ->
                check(event, removed.instance().equals(before));
        }
        if (event instanceof DiscoveryEvent.Removed) {
            view.remove(event.instance().id());
            smallest = Math.min(smallest, view.size());
        } else {
            view.put(event.instance().id(), event.instance());
        }
        events.add(event);
        notifyAll();
    }

    private void check(DiscoveryEvent event, boolean consistent) {
        if (!consistent) {
            contradictions.add("event " + events.size() + " contradicts the ones before: " + event);
        }
    }

    /** Returns the next event; waits for it if necessary. */
    public synchronized DiscoveryEvent next() {
        await("an event after " + events, () -> events.size() > taken);
        return events.get(taken++);
    }

    /** Returns the next event, which must be of that type. */
    public <E extends DiscoveryEvent> E next(Class<E> type) {
        DiscoveryEvent event = next();
        assertThat(event).isInstanceOf(type);
        return type.cast(event);
    }

    /** Waits until the set of instances, by id, is as expected, and skips the events until then. */
    public synchronized Map<String, ServiceInstance> until(Predicate<Map<String, ServiceInstance>> expected) {
        await("the expected set after " + events, () -> expected.test(view));
        taken = events.size();
        return Map.copyOf(view);
    }

    /** Waits until an instance has a health status, and skips the events until then. */
    public Map<String, ServiceInstance> until(String id, ServiceHealth.Status status) {
        return until(view -> has(view, id, status));
    }

    /** Returns whether an instance has a health status. */
    static boolean has(Map<String, ServiceInstance> view, String id, ServiceHealth.Status status) {
        ServiceInstance instance = view.get(id);
        return instance != null && instance.health().status() == status;
    }

    private synchronized void await(String what, BooleanSupplier reached) {
        long end = System.nanoTime() + Polling.PATIENCE.toNanos();
        while (!reached.getAsBoolean()) {
            long left = end - System.nanoTime();
            if (left <= 0) {
                fail("did not see " + what);
            }
            try {
                TimeUnit.NANOSECONDS.timedWait(this, left);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                fail("interrupted while waiting for " + what);
            }
        }
        assertThat(contradictions).isEmpty();
    }

    /** Returns the events that have arrived and have not been returned yet. */
    public synchronized List<DiscoveryEvent> pending() {
        assertThat(contradictions).isEmpty();
        return List.copyOf(events.subList(taken, events.size()));
    }

    /** Returns the smallest size of the set after a removal; {@code Integer.MAX_VALUE} if nothing was removed. */
    public synchronized int smallest() {
        return smallest;
    }
}
