package dev.treaty.resilience.limit;

import dev.treaty.resilience.RateLimitPolicy;
import dev.treaty.resilience.RateLimiter;
import java.util.concurrent.atomic.AtomicReference;

/**
 * A limiter whose permits are dear after a lull: what stands behind it has cold caches and few connections, and is to
 * be loaded gradually. A permit's piece of the time line is up to three times as long as usual.
 *
 * <p>This is Guava's algorithm, which Sentinel uses too, in terms of {@link Gcra}: while nobody asks, <em>cold</em>
 * grows with the time that passes, up to the length of the warm-up. Each permit uses up an interval of it. A permit
 * taken while cold is above a half of its maximum costs more: three intervals at the maximum, falling evenly to one at
 * the half. So it takes one warm-up of full use to become warm, and a lull as long as a warm-up to become quite cold
 * again.
 *
 * <p>A call is let through by what its permits cost when warm, and those after it wait for what they really cost: a
 * call that weighs a whole burst would otherwise never pass.
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

    public long reserve(long length, long point, long waitMax) {
        while (true) {
            State before = state.get();
            long from = Gcra.later(before.next, point);
            long wait = from + length - point - gcra.tolerance;
            if (wait > waitMax) {
                return RateLimiter.REFUSED;
            }
            // A lull of ten years is still a small part of the line, so this does not overflow.
            long cold = Math.min(coldMax, before.cold + (from - before.next));
            var after = new State(from + price(length, cold), Math.max(0, cold - length));
            if (state.compareAndSet(before, after)) {
                return gcra.waitNanos(wait);
            }
        }
    }

    /** Where the next piece begins. */
    public long next() {
        return state.get().next;
    }

    /** How long the pieces of permits are that are that long when warm. */
    private long price(long length, long cold) {
        long half = coldMax / 2;
        if (cold <= half) {
            return length;
        }
        // The factor is linear in what is cold, so the mean over what is used up is that at its middle.
        double dear = Math.min(length, cold - half);
        double factor = (COLD_FACTOR - 1) * (cold - half - dear / 2) / (coldMax - half);
        return length + (long) Math.ceil(dear * factor);
    }
}
