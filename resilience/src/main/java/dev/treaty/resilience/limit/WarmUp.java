package dev.treaty.resilience.limit;

import dev.treaty.resilience.RateLimitPolicy;
import dev.treaty.resilience.RateLimiter;
import java.util.concurrent.atomic.AtomicReference;

/**
 * A rate limiter whose permits cost more after idle time: a service with cold caches and few connections is loaded
 * gradually. A permit's piece of the time line is up to three times as long as usual.
 *
 * <p>This is Guava's algorithm, which Sentinel uses too, in terms of {@link Gcra}: during idle time, <em>cold</em>
 * grows with the time that passes, up to the length of the warm-up. Each permit uses up an interval of it. A permit
 * taken while cold is above half of its maximum costs more: three intervals at the maximum, falling linearly to one at
 * the half. So warming up takes one warm-up of full use, and cooling down completely takes idle time as long as a
 * warm-up.
 *
 * <p>A call is admitted by what its permits cost when warm, and the calls after it wait for the actual cost: otherwise
 * a call with the weight of a whole burst would never pass.
 *
 * @see <a
 *     href="https://guava.dev/releases/snapshot/api/docs/com/google/common/util/concurrent/RateLimiter.html">Guava's
 *     RateLimiter, with a warm-up period</a>
 */
public final class WarmUp {
    private static final int COLD_FACTOR = 3;

    /** Where the next piece begins, and how much of the time line was cold by then. */
    private record State(long next, long cold) {}

    private final Gcra gcra;
    private final long coldMax;
    private final AtomicReference<State> state;

    public WarmUp(RateLimitPolicy policy, Gcra gcra, long now) {
        this.gcra = gcra;
        this.coldMax = gcra.lengthOf(policy.warmUp().toNanos());
        this.state = new AtomicReference<>(new State(gcra.point(now), coldMax));
    }

    /** Takes permits; returns the time to wait in nanoseconds, or {@link RateLimiter#REFUSED}. */
    public long reserve(long length, long point, long waitMax) {
        while (true) {
            State before = state.get();
            long from = Gcra.later(before.next, point);
            long wait = from + length - point - gcra.tolerance;
            if (wait > waitMax) {
                return RateLimiter.REFUSED;
            }
            // Ten years of idle time are still a small part of the line, so this does not overflow.
            long cold = Math.min(coldMax, before.cold + (from - before.next));
            var after = new State(from + price(length, cold), Math.max(0, cold - length));
            if (state.compareAndSet(before, after)) {
                return gcra.waitNanos(wait);
            }
        }
    }

    /** Returns where the next piece begins. */
    public long next() {
        return state.get().next;
    }

    /** Returns the length of the pieces of permits whose length is that when warm. */
    private long price(long length, long cold) {
        long half = coldMax / 2;
        if (cold <= half) {
            return length;
        }
        // The factor is linear in cold, so its mean over what is used up is its value in the middle.
        double expensive = Math.min(length, cold - half);
        double factor = (COLD_FACTOR - 1) * (cold - half - expensive / 2) / (coldMax - half);
        return length + (long) Math.ceil(expensive * factor);
    }
}
