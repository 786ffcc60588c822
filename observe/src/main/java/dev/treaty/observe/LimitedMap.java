package dev.treaty.observe;

import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A concurrent map that creates its values, up to a limit; keys beyond the limit share one value. */
final class LimitedMap<K extends Comparable<? super K>, V> {
    private final Map<K, V> entries = new ConcurrentHashMap<>();
    private final AtomicInteger free;
    private final K other;
    private final Supplier<V> create;

    /**
     * @param free how many further keys are allowed; several maps may share a limit
     * @param other the key of the value that the keys beyond the limit share
     */
    LimitedMap(AtomicInteger free, K other, Supplier<V> create) {
        this.free = free;
        this.other = other;
        this.create = create;
    }

    @Nullable
    V find(K key) {
        return entries.get(key);
    }

    V get(K key) {
        V known = entries.get(key);
        return known != null ? known : admit(key);
    }

    private V admit(K key) {
        V admitted = entries.computeIfAbsent(key, _ -> take() ? create.get() : null);
        return admitted != null ? admitted : entries.computeIfAbsent(other, _ -> create.get());
    }

    private boolean take() {
        return free.getAndUpdate(places -> Math.max(0, places - 1)) > 0;
    }

    void remove(K key) {
        if (entries.remove(key) != null && !key.equals(other)) {
            free.incrementAndGet();
        }
    }

    SortedMap<K, V> sorted() {
        return new TreeMap<>(entries);
    }
}
