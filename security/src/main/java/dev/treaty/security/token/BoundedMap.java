package dev.treaty.security.token;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.jspecify.annotations.Nullable;

/**
 * A map that forgets what has not been used for longest, approximately: entries are in two halves, and when the newer
 * half is full it takes the place of the older one. It holds about as many entries as it may. It is thread-safe.
 */
public final class BoundedMap<K, V> {
    private final int half;
    private volatile ConcurrentMap<K, V> newer = new ConcurrentHashMap<>();
    private volatile ConcurrentMap<K, V> older = new ConcurrentHashMap<>();

    /** @param max the most entries */
    public BoundedMap(int max) {
        this.half = Math.max(1, max / 2);
    }

    /** Returns the value of a key, or null. */
    public @Nullable V get(K key) {
        V value = newer.get(key);
        if (value != null) {
            return value;
        }
        value = older.get(key);
        if (value != null && older.remove(key, value)) {
            put(key, value);
        }
        return value;
    }

    /** Sets the value of a key. */
    public void put(K key, V value) {
        if (newer.size() >= half) {
            turn();
        }
        newer.put(key, value);
    }

    private synchronized void turn() {
        if (newer.size() >= half) {
            older = newer;
            newer = new ConcurrentHashMap<>();
        }
    }

    /** Removes a key. */
    public void remove(K key) {
        newer.remove(key);
        older.remove(key);
    }

    /** The number of entries. */
    public int size() {
        return newer.size() + older.size();
    }
}
