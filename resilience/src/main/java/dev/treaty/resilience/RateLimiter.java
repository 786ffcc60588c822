package dev.treaty.resilience;

import dev.treaty.core.time.Durations;
import dev.treaty.core.time.Time;
import dev.treaty.resilience.internal.Stripes;
import dev.treaty.resilience.limit.Gcra;
import dev.treaty.resilience.limit.WarmUp;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLongArray;
import org.jspecify.annotations.Nullable;

/**
 * Limits the rate of calls: any interval of length t contains at most {@code burst + rate * t} calls, for any number of
 * threads. Calls that may wait get reservations in the order of asking; a call that would wait too long is refused and
 * takes nothing.
 *
 * <p>The algorithm is {@link Gcra}'s, on one shared moment. At high rates threads would contend for it, so each stripe
 * borrows a slice of the time line, worth some dozens of permits, and serves its threads from there. Pieces of borrowed
 * slices overlap no other piece and expire with time like all others, so the limit above is exact. No call is refused
 * while another stripe holds the permits it needs: they are taken from there. The cost of borrowing is that up to an
 * eighth of the burst may expire unused under heavy load.
 *
 * <p>It takes about 0.1 KiB of memory, with stripes about 0.5 KiB. A call allocates nothing, except for one small
 * object if there is a warm-up.
 */
public final class RateLimiter {
    /** Returned by {@link #reserve} if there is no permit in time. */
    public static final long REFUSED = -1;

    /** All stripes together borrow at most this part of the burst. */
    private static final int BORROWED_PART = 8;
    /** At less than ten thousand permits a second threads do not contend. */
    private static final long STRIPED_INTERVAL_MAX_NANOS = 100_000;
    /** A slice is worth borrowing if it has enough permits and does not expire at once. */
    private static final int SLICE_PERMITS_MIN = 8;

    private static final long SLICE_NANOS_MIN = 1_000;

    /** The index of the shared moment. */
    private static final int SHARED = 0;
    /** The words from one stripe to the next: no cache line contains words of two stripes. */
    private static final int SPACING = Stripes.SPACING + 1;

    /**
     * The words after the first of a stripe: the end of its slice, and whether a thread is borrowing the next slice.
     */
    private static final int END = 1;

    private static final int BORROWING = 2;

    private final RateLimitPolicy policy;
    private final Time time;
    private final Gcra gcra;
    private final @Nullable WarmUp warmUp;
    private final long slice;
    private final int stripes;
    private final AtomicLongArray state;

    /** Creates a limiter that has its whole burst. */
    public RateLimiter(RateLimitPolicy policy, Time time) {
        this(policy, time, stripes(policy, Stripes.count(time)), slicePermits(policy, Stripes.count(time)));
    }

    /**
     * Creates a limiter.
     *
     * @param stripes the number of stripes, 0 or a power of two
     * @param slicePermits how many permits a stripe borrows at a time
     */
    RateLimiter(RateLimitPolicy policy, Time time, int stripes, int slicePermits) {
        this.policy = policy;
        this.time = time;
        this.gcra = new Gcra(policy);
        this.warmUp = policy.warmUp().isZero() ? null : new WarmUp(policy, gcra, time.nanoTime());
        this.slice = slicePermits * gcra.interval;
        this.stripes = stripes;
        this.state = new AtomicLongArray(1 + (stripes + 1) * SPACING); // what follows it is on another cache line
        long now = gcra.point(time.nanoTime());
        state.set(SHARED, now);
        for (int stripe = 0; stripe < stripes; stripe++) {
            state.set(next(stripe), now);
            state.set(next(stripe) + END, now);
        }
    }

    /** Returns the number of stripes of a policy: all that are available, or none if they are not worth it. */
    static int stripes(RateLimitPolicy policy, int count) {
        long slicePermits = slicePermits(policy, count);
        long per = policy.per().toNanos();
        boolean worthIt = count > 1
                && policy.warmUp().isZero()
                && per / policy.permits() <= STRIPED_INTERVAL_MAX_NANOS
                && slicePermits >= SLICE_PERMITS_MIN
                && (double) slicePermits * per / policy.permits() >= SLICE_NANOS_MIN;
        return worthIt ? count : 0;
    }

    /** Returns how many permits each of a number of stripes borrows at a time. */
    static int slicePermits(RateLimitPolicy policy, int count) {
        return policy.burst() / (BORROWED_PART * count);
    }

    public RateLimitPolicy policy() {
        return policy;
    }

    /** Takes a permit if there is one now. */
    public boolean tryAcquire() {
        return tryAcquire(1);
    }

    /**
     * Takes permits if they are there now.
     *
     * @throws IllegalArgumentException if the number is less than 1 or more than the burst
     */
    public boolean tryAcquire(int permits) {
        return reserve(permits, time.nanoTime(), 0) == 0;
    }

    /**
     * Takes permits, and waits for them if they are there within {@code waitMax}, or a day if that is longer; otherwise
     * returns false at once.
     *
     * @throws InterruptedException if the thread was interrupted while it waited; its permits are then lost
     * @throws IllegalArgumentException if the number is less than 1 or more than the burst
     */
    public boolean acquire(int permits, Duration waitMax) throws InterruptedException {
        long wait = reserve(permits, time.nanoTime(), Durations.nanos(waitMax));
        time.sleep(wait); // not if it is refused, which is less than zero
        return wait != REFUSED;
    }

    /**
     * Takes permits, now or in the future.
     *
     * @param permits the weight of the call, from 1 to the burst
     * @param now a reading of the clock ({@link Time#nanoTime()}). If it is old, because the thread was suspended
     *     since, the clock is read again before the call is refused
     * @param waitMaxNanos how far in the future the permits may be, up to a day; 0 if they are needed now
     * @return the time to wait in nanoseconds, 0 to proceed at once; or {@link #REFUSED}, with nothing taken
     * @throws IllegalArgumentException if the number is less than 1 or more than the burst
     */
    public long reserve(int permits, long now, long waitMaxNanos) {
        int stripe = stripes == 0 ? 0 : Stripes.mine(stripes);
        long wait = reserve(stripe, permits, now, waitMaxNanos);
        if (wait != REFUSED) {
            return wait;
        }
        long later = time.nanoTime();
        return later - now > 0 ? reserve(stripe, permits, later, waitMaxNanos) : REFUSED;
    }

    long reserve(int own, int permits, long now, long waitMaxNanos) {
        long length = gcra.length(permits);
        long point = gcra.point(now);
        if (warmUp != null) {
            return warmUp.reserve(length, point, gcra.lengthOf(waitMaxNanos));
        }
        if (stripes > 0
                && (spend(next(own), length, point)
                        || borrow(next(own), length, point)
                        || reserveShared(length, point, 0) == 0
                        || gather(0, permits, point))) {
            return 0;
        }
        return reserveShared(length, point, gcra.lengthOf(waitMaxNanos));
    }

    /**
     * Returns the time in nanoseconds until permits are there, unless other calls take them before; 0 if they are there
     * now.
     *
     * @throws IllegalArgumentException if the number is less than 1 or more than the burst
     */
    public long retryAfterNanos(int permits, long now) {
        long point = gcra.point(now);
        long next = warmUp != null ? warmUp.next() : state.get(SHARED);
        return gcra.waitNanos(Gcra.later(next, point) + gcra.length(permits) - point - gcra.tolerance);
    }

    /** Takes a piece of the shared time line. */
    private long reserveShared(long length, long point, long waitMax) {
        while (true) {
            long next = state.get(SHARED);
            long after = Gcra.later(next, point) + length;
            long wait = after - point - gcra.tolerance;
            if (wait > waitMax) {
                return REFUSED;
            }
            if (state.compareAndSet(SHARED, next, after)) {
                return gcra.waitNanos(wait);
            }
        }
    }

    /**
     * Takes permits from the stripes, beginning with that one, as many as each has, and the missing ones from the
     * shared time line. Returns them if some are missing.
     */
    private boolean gather(int stripe, int missing, long point) {
        if (missing == 0) {
            return true;
        }
        if (stripe == stripes) {
            return reserveShared(missing * gcra.interval, point, 0) == 0;
        }
        int next = next(stripe);
        while (true) {
            long before = state.get(next);
            long from = Gcra.later(before, point);
            long room = Math.min(state.get(next + END), point + gcra.tolerance) - from;
            int found = Math.clamp(room / gcra.interval, 0, missing); // an expired slice has negative room
            if (found == 0) {
                return gather(stripe + 1, missing, point);
            }
            long after = from + found * gcra.interval;
            if (state.compareAndSet(next, before, after)) {
                if (gather(stripe + 1, missing - found, point)) {
                    return true;
                }
                state.compareAndSet(next, after, before); // fails if a call took a piece since: they are then lost
                return false;
            }
        }
    }

    /**
     * Returns the word at which the slice of a stripe begins: the moment of the next piece. The slice is a part of the
     * time line, up to its end. No two slices overlap, and none overlaps the shared rest of the line: a slice is cut
     * from the shared line by moving its moment, and the moment of a slice only moves forward, except to return a piece
     * that no other call has taken.
     */
    private static int next(int stripe) {
        return (stripe + 1) * SPACING;
    }

    /** Takes a piece of the slice. */
    private boolean spend(int next, long length, long point) {
        while (true) {
            long from = state.get(next);
            long after = Gcra.later(from, point) + length;
            if (after - state.get(next + END) > 0 || after - point > gcra.tolerance) {
                return false;
            }
            if (state.compareAndSet(next, from, after)) {
                return true;
            }
        }
    }

    /** Takes a piece of a new slice, unless another thread is borrowing one. */
    private boolean borrow(int next, long length, long point) {
        if (length >= slice || state.get(next + BORROWING) != 0 || !state.compareAndSet(next + BORROWING, 0, 1)) {
            return false;
        }
        try {
            // Another thread may have borrowed a slice just before.
            return spend(next, length, point) || replace(next, length, point);
        } finally {
            state.set(next + BORROWING, 0);
        }
    }

    /** Cuts a slice off the shared line, takes a piece at its beginning, and keeps the rest. */
    private boolean replace(int next, long length, long point) {
        if (state.get(next + END) - Gcra.later(state.get(next), point) >= gcra.interval) {
            return false; // too little for this call, but the permits must not be lost
        }
        long shared;
        long start;
        do {
            shared = state.get(SHARED);
            start = Gcra.later(shared, point);
            if (start + slice - point > gcra.tolerance) {
                return false;
            }
        } while (!state.compareAndSet(SHARED, shared, start + slice));
        state.set(next, start + length); // before the end: no call can take the time between the slices
        state.set(next + END, start + slice);
        return true;
    }
}
