package dev.treaty.resilience;

import dev.treaty.core.time.Time;
import dev.treaty.resilience.internal.PolicyChecks;
import dev.treaty.resilience.limit.Gcra;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A {@link RateLimiter} for each key (a caller, a tenant, an address), for a bounded number of keys. No key ever
 * exceeds its policy, whatever the other keys do:
 *
 * <ul>
 *   <li>A key is evicted only when it has its whole burst again, since it gains nothing by coming back as a new key;
 *   and
 *       only when its place is needed.
 *   <li>If there is no place for a new key, because the others are in use, it shares one limit with all such keys. It
 *       gets a place when one is free, and what was used of the shared limit until then is charged to it alone.
 * </ul>
 *
 * <p>So a flood of invented keys gets at most {@code keysMax + 1} limits, and delays keys that are new during it; it
 * does not affect keys that were known before and keep calling. A known key costs a look-up and one compare-and-set,
 * and allocates nothing. A new key examines at most {@value #PROBES} places, under a lock.
 *
 * @param <K> the type of the keys: immutable, with {@code equals} and {@code hashCode}, so no arrays
 * @see Gcra
 */
public final class KeyedRateLimiter<K> {
    /** Returned by {@link #reserve} if there is no permit in time. */
    public static final long REFUSED = RateLimiter.REFUSED;

    /** The largest number of keys. */
    public static final int KEYS_MAX = 1_000_000;

    private static final int PROBES = 16;
    /** The moment of an evicted bucket, which no other bucket ever has. */
    private static final long EVICTED = Long.MIN_VALUE;

    private static final long LOOK_AGAIN = -2;

    private record Bucket<K>(K key, AtomicLong next) {}

    private final RateLimitPolicy policy;
    private final Gcra gcra;
    private final Time time;
    private final int keysMax;
    private final Map<K, Bucket<K>> buckets = new ConcurrentHashMap<>();

    /** The places of keys, and the lock under which a key gets one. */
    private final List<Bucket<K>> places = new ArrayList<>();

    private int nextPlace;
    /** The shared limit of the keys without a place; never before the moment of an evicted key. */
    private final AtomicLong shared;

    /**
     * Creates a limiter without keys.
     *
     * @param policy the policy of each key; without warm-up
     * @param keysMax the number of keys, up to {@value #KEYS_MAX}, each with some 100 bytes and the key
     * @throws IllegalArgumentException if the policy has a warm-up, or the number of keys is out of range
     */
    public KeyedRateLimiter(RateLimitPolicy policy, int keysMax, Time time) {
        PolicyChecks.within("keys-max", keysMax, 1, KEYS_MAX);
        this.policy = check(policy);
        this.gcra = new Gcra(policy);
        this.keysMax = keysMax;
        this.time = time;
        this.shared = new AtomicLong(gcra.point(time.nanoTime()));
    }

    /** Returns the policy if it is valid for each key. */
    static RateLimitPolicy check(RateLimitPolicy policy) {
        PolicyChecks.require(policy.warmUp().isZero(), "warm-up", policy.warmUp(), "none for a limit per key");
        return policy;
    }

    public RateLimitPolicy policy() {
        return policy;
    }

    /** Takes a permit of a key if there is one now. */
    public boolean tryAcquire(K key) {
        return reserve(key, 1, time.nanoTime(), 0) == 0;
    }

    /**
     * Takes permits of a key, now or in the future, like {@link RateLimiter#reserve}.
     *
     * @return the time to wait in nanoseconds, 0 to proceed at once; or {@link #REFUSED}, with nothing taken
     * @throws IllegalArgumentException if the number is less than 1 or more than the burst
     */
    public long reserve(K key, int permits, long now, long waitMaxNanos) {
        long length = gcra.length(permits);
        long waitMax = gcra.lengthOf(waitMaxNanos);
        long wait = reserve(key, length, gcra.point(now), waitMax);
        if (wait != REFUSED) {
            return wait;
        }
        long later = time.nanoTime();
        return later - now > 0 ? reserve(key, length, gcra.point(later), waitMax) : REFUSED;
    }

    private long reserve(K key, long length, long point, long waitMax) {
        Bucket<K> bucket = buckets.get(key);
        long wait = bucket == null ? LOOK_AGAIN : reserve(bucket.next, length, point, waitMax);
        return wait == LOOK_AGAIN ? reserveNew(key, length, point, waitMax) : wait;
    }

    /**
     * Returns the time in nanoseconds until permits of a key are there, unless other calls take them before; 0 if they
     * are there now.
     *
     * @throws IllegalArgumentException if the number is less than 1 or more than the burst
     */
    public long retryAfterNanos(K key, int permits, long now) {
        long point = gcra.point(now);
        Bucket<K> bucket = buckets.get(key);
        long own = bucket == null ? EVICTED : bucket.next.get();
        long next = own == EVICTED ? shared.get() : own;
        return gcra.waitNanos(Gcra.later(next, point) + gcra.length(permits) - point - gcra.tolerance);
    }

    /** Returns the number of keys that have a place. */
    public int keys() {
        return buckets.size();
    }

    private long reserveNew(K key, long length, long point, long waitMax) {
        synchronized (places) {
            Bucket<K> known = buckets.get(key);
            if (known != null) {
                return reserve(known.next, length, point, waitMax); // under the lock no key is evicted
            }
            if (key.getClass().isArray()) {
                throw new IllegalArgumentException(
                        "an array is no key, since equal ones differ: use a list of its content");
            }
            int place = place(point);
            if (place < 0) {
                return reserve(shared, length, point, waitMax);
            }
            var bucket = new Bucket<>(key, new AtomicLong(Gcra.later(point, shared.get())));
            long wait = reserve(bucket.next, length, point, waitMax);
            if (place == places.size()) {
                places.add(bucket);
            } else {
                places.set(place, bucket);
            }
            buckets.put(key, bucket);
            return wait;
        }
    }

    /** Returns the place of a new key, or -1 if none is free. */
    private int place(long point) {
        if (places.size() < keysMax) {
            return places.size();
        }
        for (int probe = 0; probe < Math.min(PROBES, keysMax); probe++) {
            int place = nextPlace;
            nextPlace = (place + 1) % keysMax;
            Bucket<K> bucket = places.get(place);
            long next = bucket.next.get();
            if (next - point <= 0 && bucket.next.compareAndSet(next, EVICTED)) {
                shared.set(Gcra.later(shared.get(), next));
                if (!buckets.remove(bucket.key, bucket)) { // its hash code has changed
                    buckets.clear();
                    places.stream().filter(each -> !each.equals(bucket)).forEach(each -> buckets.put(each.key, each));
                }
                return place;
            }
        }
        return -1;
    }

    private long reserve(AtomicLong bucket, long length, long point, long waitMax) {
        while (true) {
            long next = bucket.get();
            if (next == EVICTED) {
                return LOOK_AGAIN;
            }
            long after = Gcra.later(next, point) + length;
            long wait = after - point - gcra.tolerance;
            if (wait > waitMax) {
                return REFUSED;
            }
            if (bucket.compareAndSet(next, after == EVICTED ? after + 1 : after)) {
                return gcra.waitNanos(wait);
            }
        }
    }
}
