package dev.treaty.resilience.limit;

import dev.treaty.core.call.Call;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Counts, by operation, the handlers that run on after their calls have ended, since they ignore interrupts. Each uses
 * memory, and most use something else that is short, such as a database's connection.
 */
public final class AbandonedCalls {
    private final Map<String, AtomicInteger> counts = new ConcurrentHashMap<>();

    /** A call of an operation was abandoned; returns how many of its handlers run on. */
    public int began(Call call) {
        return count(call).incrementAndGet();
    }

    /** The handler of an abandoned call has returned, perhaps before {@link #began}; returns how many run on. */
    public int ended(Call call) {
        return count(call).decrementAndGet();
    }

    private AtomicInteger count(Call call) {
        return counts.computeIfAbsent(call.operation().name(), _ -> new AtomicInteger());
    }

    /** Returns how many handlers of an operation run on. */
    public int of(Call call) {
        AtomicInteger count = counts.get(call.operation().name());
        return count == null ? 0 : count.get();
    }

    /** Returns the operations of which handlers run on, with their numbers. */
    public Map<String, Integer> all() {
        var all = new TreeMap<String, Integer>();
        counts.forEach((operation, count) -> {
            if (count.get() > 0) {
                all.put(operation, count.get());
            }
        });
        return all;
    }
}
