package dev.treaty.resilience;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The guards of a process by name: lists them, finds one, and changes its level while calls run.
 *
 * <pre>{@code
 * guards.add(Guard.of("payments", FaultTolerance.of(IsolationLevel.BASIC)));
 * guards.level("payments", IsolationLevel.FULL);
 * }</pre>
 */
public final class Guards {
    private final Map<String, Guard> byName = new ConcurrentHashMap<>();

    /**
     * Adds a guard.
     *
     * @return the guard
     * @throws IllegalArgumentException if another guard has its name
     */
    public Guard add(Guard guard) {
        Guard known = byName.putIfAbsent(guard.name(), guard);
        if (known != null && !known.equals(guard)) {
            throw new IllegalArgumentException("a guard named " + guard.name() + " exists already: use another name");
        }
        return guard;
    }

    /** Returns the guard of that name, if any. */
    public Optional<Guard> find(String name) {
        return Optional.ofNullable(byName.get(name));
    }

    /** Returns all guards, ordered by name. */
    public List<Guard> list() {
        return List.copyOf(new TreeMap<>(byName).values());
    }

    /**
     * Changes the isolation level of a guard and of all its operations.
     *
     * @throws IllegalArgumentException if there is no guard of that name
     */
    public void level(String name, IsolationLevel level) {
        existing(name).level(level);
    }

    /**
     * Closes the breaker of a guard, or those of its instances, and sets its counters to zero.
     *
     * @throws IllegalArgumentException if there is no guard of that name
     */
    public void reset(String name) {
        existing(name).reset();
    }

    private Guard existing(String name) {
        return find(name)
                .orElseThrow(() -> new IllegalArgumentException("there is no guard named " + name + "; there are: "
                        + String.join(", ", new TreeMap<>(byName).keySet())));
    }
}
