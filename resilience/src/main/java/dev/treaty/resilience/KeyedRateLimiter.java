package dev.treaty.resilience;

import dev.treaty.core.time.Time;
import dev.treaty.resilience.internal.PolicyChecks;
import dev.treaty.resilience.limit.Gcra;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A {@link RateLimiter} for each key (a caller, a tenant, an address), for a bounded number of keys. No key is ever let
 * through more than its policy says, whatever happens to the others:
 *
 * <ul>
 *   <li>A key is forgotten only when it has its whole burst again, since a new key would then be no better off; and
 *       only when its place is wanted.
 *   <li>Where a new key comes and no place is found, because others are busy, it shares one limit with all that have
 *       come like that. It gets a place of its own when one is free, and what was used of the shared limit until then
 *       is charged to it as if it alone had used it.
 * </ul>
 *
 * <p>So a flood of invented keys is worth at most {@code keysMax + 1} limits, and makes keys that come new during it
 * wait; those that were there before it and keep calling do not notice. A known key costs a look-up and one
 * compare-and-set, and allocates nothing. A new one looks at no more than {@value #PROBES} places, under a lock.
 *
 * @param <K> the type of the keys: immutable, with {@code equals} and {@code hashCode}
 * @see Gcra
 */
public final class KeyedRateLimiter<K> {
    /** What {@link #reserve} answers where there is no permit in time. */
    public static final long REFUSED = RateLimiter.REFUSED;

    /** The most keys that may be asked for. */
    public static final int KEYS_MAX = 1_000_000;

    private static final int PROBES = 16;
    /** The moment of a bucket that has been forgotten; none other ever has it. */
    private static final long FORGOTTEN = Long.MIN_VALUE;

    private static final long LOOK_AGAIN = -2;

    private record Bucket<K>(K key, AtomicLong next) {}

    private final RateLimitPolicy policy;
    private final Gcra gcra;
    private final Time time;
    private final int keysMax;
    private final Map<K, Bucket<K>> buckets = new ConcurrentHashMap<>();

    /** Held while a key gets its place: all below is guarded by it. */
    private final ReentrantLock lock = new ReentrantLock();

    private final List<Bucket<K>> places = new ArrayList<>();
    private int hand;
    /** The shared limit of the keys without a place; never before a moment that a forgotten key had come to. */
    private final AtomicLong shared;

    /**
     * A limiter that knows no key yet.
     *
     * @param policy what each key may do; without warm-up
     * @param keysMax how many keys it remembers, up to {@value #KEYS_MAX}, each with some 100 bytes and the key
     * @param time whose clock is followed
     * @throws IllegalArgumentException where the policy has a warm-up, or the number of keys is out of range
     */
    public KeyedRateLimiter(RateLimitPolicy policy, int keysMax, Time time) {
        PolicyChecks.atLeast("keys-max", keysMax, 1);
        PolicyChecks.atMost("keys-max", keysMax, KEYS_MAX);
        this.policy = check(policy);
        this.gcra = new Gcra(policy);
        this.keysMax = keysMax;
        this.time = time;
        this.shared = new AtomicLong(gcra.point(time.nanoTime()));
    }

    /** The policy, where it can hold for each key. */
    static RateLimitPolicy check(RateLimitPolicy policy) {
        if (!policy.warmUp().isZero()) {
            throw new IllegalArgumentException(
                    "warm-up is " + policy.warmUp() + ": a limit for each key has none, leave it out");
        }
        return policy;
    }

    /** The policy that it was made from. */
    public RateLimitPolicy policy() {
        return policy;
    }

    /** Takes a permit of that key if there is one now. */
    public boolean tryAcquire(K key) {
        return reserve(key, 1, time.nanoTime(), 0) == 0;
    }

    /**
     * Takes that many permits of that key, now or for a turn to come, as {@link RateLimiter#reserve} does.
     *
     * @return how many nanoseconds to wait before going on, 0 to go on at once; or {@link #REFUSED}, with nothing taken
     * @throws IllegalArgumentException where it is no permit, or more than the burst
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
     * How many nanoseconds from now that many permits of that key are there, if nobody else takes them before; 0 where
     * they are now.
     *
     * @throws IllegalArgumentException where it is no permit, or more than the burst
     */
    public long retryAfterNanos(K key, int permits, long now) {
        long point = gcra.point(now);
        Bucket<K> bucket = buckets.get(key);
        long own = bucket == null ? FORGOTTEN : bucket.next.get();
        long next = own == FORGOTTEN ? shared.get() : own;
        return gcra.waitNanos(Gcra.later(next, point) + gcra.length(permits) - point - gcra.tolerance);
    }

    /** How many keys it remembers now. */
    public int keys() {
        return buckets.size();
    }

    private long reserveNew(K key, long length, long point, long waitMax) {
        lock.lock();
        try {
            Bucket<K> known = buckets.get(key);
            if (known != null) {
                return reserve(known.next, length, point, waitMax); // nothing is forgotten while the lock is held
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
        } finally {
            lock.unlock();
        }
    }

    /** The place for a new key, or -1 where none is found. */
    private int place(long point) {
        if (places.size() < keysMax) {
            return places.size();
        }
        for (int probe = 0; probe < Math.min(PROBES, keysMax); probe++) {
            int place = hand;
            hand = place + 1 == keysMax ? 0 : place + 1;
            Bucket<K> bucket = places.get(place);
            long next = bucket.next.get();
            if (next - point <= 0 && bucket.next.compareAndSet(next, FORGOTTEN)) {
                shared.set(Gcra.later(shared.get(), next));
                buckets.remove(bucket.key);
                return place;
            }
        }
        return -1;
    }

    private long reserve(AtomicLong bucket, long length, long point, long waitMax) {
        while (true) {
            long next = bucket.get();
            if (next == FORGOTTEN) {
                return LOOK_AGAIN;
            }
            long after = Gcra.later(next, point) + length;
            long wait = after - point - gcra.tolerance;
            if (wait > waitMax) {
                return REFUSED;
            }
            if (bucket.compareAndSet(next, after == FORGOTTEN ? after + 1 : after)) {
                return gcra.waitNanos(wait);
            }
        }
    }
}
