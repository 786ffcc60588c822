package dev.treaty.resilience;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The guards of a process by their names: where somebody looks who wants to know what is guarded, how, and how that
 * goes, and changes it while calls run.
 *
 * <pre>{@code
 * guards.add(Guard.of("payments", FaultTolerance.of(IsolationLevel.BASIC)));
 * guards.level("payments", IsolationLevel.FULL);
 * }</pre>
 */
public final class Guards {
    private final Map<String, Guard> byName = new ConcurrentHashMap<>();

    /**
     * Takes a guard in.
     *
     * @return the guard
     * @throws IllegalArgumentException where another one has its name
     */
    public Guard add(Guard guard) {
        Guard known = byName.putIfAbsent(guard.name(), guard);
        if (known != null && !known.equals(guard)) {
            throw new IllegalArgumentException(
                    "there is a guard named " + guard.name() + " already: name it otherwise");
        }
        return guard;
    }

    /** The guard of that name, if there is one. */
    public Optional<Guard> find(String name) {
        return Optional.ofNullable(byName.get(name));
    }

    /** All of them, in the order of their names. */
    public List<Guard> list() {
        return List.copyOf(new TreeMap<>(byName).values());
    }

    /**
     * Puts a level in force for the guard of that name and for all of its operations.
     *
     * @throws IllegalArgumentException where there is no such guard
     */
    public void level(String name, IsolationLevel level) {
        named(name).level(level);
    }

    /**
     * Puts policies in force for the guard of that name.
     *
     * @throws IllegalArgumentException where there is no such guard
     */
    public void apply(String name, Policies policies) {
        named(name).apply(policies);
    }

    /**
     * Closes the breakers of the guard of that name and has it count anew.
     *
     * @throws IllegalArgumentException where there is no such guard
     */
    public void reset(String name) {
        named(name).reset();
    }

    private Guard named(String name) {
        return find(name)
                .orElseThrow(() -> new IllegalArgumentException("nothing named " + name
                        + " is guarded here; guarded are: " + String.join(", ", new TreeMap<>(byName).keySet())));
    }
}
