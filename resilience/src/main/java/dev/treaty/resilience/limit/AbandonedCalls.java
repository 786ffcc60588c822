package dev.treaty.resilience.limit;

import dev.treaty.core.call.Call;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Counts, by operation, the handlers that run on after their calls have ended, since they ignore interrupts. Each uses
 * memory, and most use something else that is short, such as a database's connection.
 */
public final class AbandonedCalls {
    private final Map<String, Integer> counts = new ConcurrentHashMap<>();

    /** A call of an operation was abandoned; returns how many of its handlers run on. */
    public int began(Call call) {
        return counts.merge(call.operation().name(), 1, Integer::sum);
    }

    /** The handler of an abandoned call has returned; returns how many of its operation run on. */
    public int ended(Call call) {
        return counts.merge(call.operation().name(), -1, Integer::sum);
    }

    /** Returns how many handlers of an operation run on. */
    public int of(Call call) {
        return counts.getOrDefault(call.operation().name(), 0);
    }

    /** Returns the operations of which handlers run on, with their numbers. */
    public Map<String, Integer> all() {
        var all = new TreeMap<>(counts);
        all.values().removeIf(count -> count == 0);
        return all;
    }
}
