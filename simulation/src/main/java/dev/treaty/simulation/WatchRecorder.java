package dev.treaty.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.treaty.core.discovery.DiscoveryEvent;
import dev.treaty.core.discovery.ServiceInstance;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * A watcher for tests: it keeps every event and the set that follows from them, fails where an event does not follow
 * from the one before, and waits for what is expected.
 */
public final class WatchRecorder implements Consumer<DiscoveryEvent> {
    /** How long it waits for something that should happen at once. */
    public static final Duration PATIENCE = Duration.ofSeconds(20);

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final List<DiscoveryEvent> events = new ArrayList<>();
    private final Map<String, ServiceInstance> view = new TreeMap<>();
    private final List<String> contradictions = new ArrayList<>();
    private int smallest = Integer.MAX_VALUE;
    private int taken;

    @Override
    public void accept(DiscoveryEvent event) {
        lock.lock();
        try {
            ServiceInstance before = view.get(event.instance().id());
            switch (event) {
                case DiscoveryEvent.Added added -> expect(event, before == null);
                case DiscoveryEvent.Updated updated ->
                    expect(
                            event,
                            updated.before().equals(before)
                                    && !updated.instance().equals(before));
                case DiscoveryEvent.Removed removed ->
                    expect(event, removed.instance().equals(before));
            }
            if (event instanceof DiscoveryEvent.Removed) {
                view.remove(event.instance().id());
                smallest = Math.min(smallest, view.size());
            } else {
                view.put(event.instance().id(), event.instance());
            }
            events.add(event);
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void expect(DiscoveryEvent event, boolean follows) {
        if (!follows) {
            contradictions.add("event " + events.size() + " does not follow from those before: " + event);
        }
    }

    /** The next event that has not been taken yet. */
    public DiscoveryEvent next() {
        lock.lock();
        try {
            await("an event after " + events, () -> events.size() > taken);
            return events.get(taken++);
        } finally {
            lock.unlock();
        }
    }

    /** The next event, which is of that kind. */
    public <E extends DiscoveryEvent> E next(Class<E> kind) {
        DiscoveryEvent event = next();
        assertThat(event).isInstanceOf(kind);
        return kind.cast(event);
    }

    /** Waits until the set is as the test says. */
    public Map<String, ServiceInstance> until(Predicate<Map<String, ServiceInstance>> expected) {
        lock.lock();
        try {
            await("the expected set after " + events, () -> expected.test(view));
            taken = events.size();
            return Map.copyOf(view);
        } finally {
            lock.unlock();
        }
    }

    private void await(String what, BooleanSupplier reached) {
        long left = PATIENCE.toNanos();
        while (!reached.getAsBoolean()) {
            if (left <= 0) {
                fail("did not see " + what);
            }
            try {
                left = changed.awaitNanos(left);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                fail("interrupted while waiting for " + what);
            }
        }
        assertThat(contradictions).isEmpty();
    }

    /** Events that have come and not been taken. */
    public List<DiscoveryEvent> pending() {
        lock.lock();
        try {
            assertThat(contradictions).isEmpty();
            return List.copyOf(events.subList(taken, events.size()));
        } finally {
            lock.unlock();
        }
    }

    /** The smallest that the set ever was after an event that made it smaller; very large where none did. */
    public int smallest() {
        lock.lock();
        try {
            return smallest;
        } finally {
            lock.unlock();
        }
    }
}
