package dev.treaty.resilience;

import dev.treaty.core.time.Time;
import dev.treaty.resilience.internal.Stripes;
import dev.treaty.resilience.limit.Gcra;
import dev.treaty.resilience.limit.WarmUp;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLongArray;
import org.jspecify.annotations.Nullable;

/**
 * Lets through only so many calls: in any interval of length t at most {@code burst + rate * t}, whatever the number of
 * threads. A call that has to wait has its turn reserved, in the order of asking; one that would wait too long is
 * refused and takes nothing.
 *
 * <p>The algorithm is {@link Gcra}'s, on one shared moment. Where permits are many, threads would contend for it: so
 * each stripe borrows a part of the time line, worth some dozens of permits, and serves its threads out of that without
 * touching what is shared. Pieces out of borrowed parts do not overlap with any others, and the part passes with time
 * as the pieces would, so the law above holds to the permit. Nobody is refused while another stripe holds what is
 * wanted: it is fetched from there. Only while much is being used does borrowing cost something: up to an eighth of the
 * burst may then have passed unused.
 *
 * <p>Memory: about 0.1 KiB, with stripes about 0.4 KiB. Nothing is allocated, but for one small object a call while
 * there is a warm-up.
 */
public final class RateLimiter {
    /** What {@link #reserve} answers where there is no permit in time. */
    public static final long REFUSED = -1;

    /** All stripes together borrow at most that part of the burst. */
    private static final int BORROWED_PART = 8;
    /** Where fewer than ten thousand a second may pass, nobody contends. */
    private static final long STRIPED_INTERVAL_MAX_NANOS = 100_000;
    /** What a stripe borrows is worth the effort only if it is that many permits, and does not pass at once. */
    private static final int SLICE_PERMITS_MIN = 8;

    private static final long SLICE_NANOS_MIN = 1_000;

    /** Where the moment that all share is. */
    private static final int SHARED = 0;
    /** From one stripe's moment to the next: two neighbours' moments and ends then never lie in one cache line. */
    private static final int SPACING = Stripes.SPACING + 1;
    /** From a stripe's moment to where its borrowed part ends, and to whether somebody borrows for it just now. */
    private static final int END = 1;

    private static final int BORROWING = 2;

    private final RateLimitPolicy policy;
    private final Time time;
    private final Gcra gcra;
    private final @Nullable WarmUp warmUp;
    private final int stripes;
    private final long slice;
    private final AtomicLongArray state;

    /** A limiter that has its whole burst, and follows that time where it is not given a reading of its clock. */
    public RateLimiter(RateLimitPolicy policy, Time time) {
        this(policy, time, stripes(policy, Stripes.count(time)), slicePermits(policy, Stripes.count(time)));
    }

    /** With that many stripes, none or a power of two, of which each borrows that many permits at a time. */
    RateLimiter(RateLimitPolicy policy, Time time, int stripes, int slicePermits) {
        this.policy = policy;
        this.time = time;
        this.gcra = new Gcra(policy);
        this.warmUp = policy.warmUp().isZero() ? null : new WarmUp(policy, gcra, time.nanoTime());
        this.stripes = stripes;
        this.slice = slicePermits * gcra.interval;
        this.state = new AtomicLongArray(1 + stripes * SPACING + BORROWING);
        long now = gcra.point(time.nanoTime());
        state.set(SHARED, now);
        for (int stripe = 0; stripe < stripes; stripe++) {
            state.set(at(stripe), now);
            state.set(at(stripe) + END, now);
        }
    }

    /** How many of that many stripes are worth having: all or none. */
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

    /** How many permits each of that many stripes borrows at a time. */
    static int slicePermits(RateLimitPolicy policy, int count) {
        return policy.burst() / (BORROWED_PART * count);
    }

    /** The policy that it was made from. */
    public RateLimitPolicy policy() {
        return policy;
    }

    /** Takes a permit if there is one now. */
    public boolean tryAcquire() {
        return tryAcquire(1);
    }

    /**
     * Takes that many permits if they are there now.
     *
     * @throws IllegalArgumentException where it is none, or more than the burst
     */
    public boolean tryAcquire(int permits) {
        return reserve(permits, time.nanoTime(), 0) == 0;
    }

    /**
     * Takes that many permits, and waits for its turn where that comes within {@code waitMax}; otherwise answers false
     * at once.
     *
     * @throws InterruptedException where the thread was interrupted while it waited; its turn is then lost
     * @throws IllegalArgumentException where it is no permit, or more than the burst
     */
    public boolean acquire(int permits, Duration waitMax) throws InterruptedException {
        long wait = reserve(permits, time.nanoTime(), waitMax.toNanos());
        if (wait == REFUSED) {
            return false;
        }
        time.sleep(wait);
        return true;
    }

    /**
     * Takes that many permits, now or for a turn to come.
     *
     * @param permits how much the call weighs, from 1 to the burst
     * @param now a reading of the clock ({@link Time#nanoTime()}). Where it is an old one, because the thread lost its
     *     processor since, nobody is refused by it: the clock is then read again
     * @param waitMaxNanos how long the turn may be away, up to a day; 0 where it must be now
     * @return how many nanoseconds to wait before going on, 0 to go on at once; or {@link #REFUSED}, with nothing taken
     * @throws IllegalArgumentException where it is no permit, or more than the burst
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

    long reserve(int stripe, int permits, long now, long waitMaxNanos) {
        long length = gcra.length(permits);
        long point = gcra.point(now);
        if (stripes > 0 && (spend(at(stripe), length, point) || borrow(at(stripe), length, point))) {
            return 0;
        }
        if (warmUp != null) {
            return warmUp.reserve(length, point, gcra.lengthOf(waitMaxNanos));
        }
        if (stripes == 0) {
            return shared(length, point, gcra.lengthOf(waitMaxNanos));
        }
        if (shared(length, point, 0) == 0 || gather(0, permits, point)) {
            return 0;
        }
        return waitMaxNanos <= 0 ? REFUSED : shared(length, point, gcra.lengthOf(waitMaxNanos));
    }

    /**
     * How many nanoseconds from now that many permits are there, if nobody else takes them before; 0 where they are
     * now.
     *
     * @throws IllegalArgumentException where it is no permit, or more than the burst
     */
    public long retryAfterNanos(int permits, long now) {
        long point = gcra.point(now);
        long next = warmUp != null ? warmUp.next() : state.get(SHARED);
        return gcra.waitNanos(Gcra.later(next, point) + gcra.length(permits) - point - gcra.tolerance);
    }

    private static int at(int stripe) {
        return (stripe + 1) * SPACING;
    }

    /** Takes a piece of the line that nobody has borrowed. */
    private long shared(long length, long point, long waitMax) {
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

    /** Takes a piece out of what that stripe has borrowed. */
    private boolean spend(int at, long length, long point) {
        while (true) {
            long next = state.get(at);
            long after = Gcra.later(next, point) + length;
            if (after - state.get(at + END) > 0 || after - point > gcra.tolerance) {
                return false;
            }
            if (state.compareAndSet(at, next, after)) {
                return true;
            }
        }
    }

    /** Takes a piece out of a new part, unless another thread is just borrowing one for that stripe. */
    private boolean borrow(int at, long length, long point) {
        if (length >= slice || state.get(at + BORROWING) != 0 || !state.compareAndSet(at + BORROWING, 0, 1)) {
            return false;
        }
        try {
            // Somebody else may have borrowed just before.
            return spend(at, length, point) || borrowAlone(at, length, point);
        } finally {
            state.set(at + BORROWING, 0);
        }
    }

    /** Takes a piece at the beginning of a whole slice, and keeps the rest of it for the stripe. */
    private boolean borrowAlone(int at, long length, long point) {
        if (state.get(at + END) - Gcra.later(state.get(at), point) >= gcra.interval) {
            return false; // too little for this call, but not to be thrown away
        }
        long next;
        long from;
        do {
            next = state.get(SHARED);
            from = Gcra.later(next, point);
            if (from + slice - point > gcra.tolerance) {
                return false;
            }
        } while (!state.compareAndSet(SHARED, next, from + slice));
        // The moment goes first: it is beyond the old end, so that nobody can spend what lies between the parts.
        long old;
        do {
            old = state.get(at);
        } while (!state.compareAndSet(at, old, from + length));
        state.set(at + END, from + slice);
        return true;
    }

    /**
     * Takes as many permits as it finds from that stripe on, and what is missing then from what nobody has borrowed.
     */
    private boolean gather(int stripe, int missing, long point) {
        if (missing == 0) {
            return true;
        }
        if (stripe == stripes) {
            return shared(missing * gcra.interval, point, 0) == 0;
        }
        int at = at(stripe);
        long next;
        long after;
        int found;
        do {
            next = state.get(at);
            long from = Gcra.later(next, point);
            long room = Math.min(state.get(at + END) - from, point + gcra.tolerance - from);
            found = Math.clamp(room / gcra.interval, 0, missing); // the room of a long idle stripe is far below zero
            if (found == 0) {
                return gather(stripe + 1, missing, point);
            }
            after = from + found * gcra.interval;
        } while (!state.compareAndSet(at, next, after));
        if (gather(stripe + 1, missing - found, point)) {
            return true;
        }
        state.compareAndSet(at, after, next); // fails where somebody went on from here: then those permits are lost
        return false;
    }
}
