package dev.treaty.balance;

import dev.treaty.core.call.Call;
import java.util.random.RandomGenerator;

/**
 * Power of two choices: compares two random instances and picks the better one. That is nearly as even as comparing all
 * of them, costs the same for ten and for a hundred thousand instances, and clients that see the same loads do not all
 * pick the same instance.
 *
 * <p>An instance that accepts no calls is never picked, and an instance at which this call was tried only if there is
 * no other. A probed instance, and a cold one below its initial share, is picked without regard to its load.
 *
 * @see <a href="https://www.eecs.harvard.edu/~michaelm/postscripts/mythesis.pdf">M. Mitzenmacher, The power of two
 *     choices in randomized load balancing, 1996</a>
 */
final class TwoChoices implements LoadBalancer {
    /** Costs that differ by less than a quarter count as equal: the first choice, which is random, decides. */
    private static final float CLEARLY_LESS = 0.75f;

    private final RandomGenerator random;
    private final boolean byLatency;

    private TwoChoices(RandomGenerator random, boolean byLatency) {
        this.random = random;
        this.byLatency = byLatency;
    }

    /** Picks the instance with the lower cost: latency × (calls in flight + 1); see {@link Load#cost}. */
    static TwoChoices peakEwma(RandomGenerator random) {
        return new TwoChoices(random, true);
    }

    /** Picks the instance with fewer calls in flight. */
    static TwoChoices leastLoaded(RandomGenerator random) {
        return new TwoChoices(random, false);
    }

    @Override
    public int pick(Candidates<?> candidates, Call call, long nowNanos) {
        if (candidates.eligible() == 0) {
            return NONE;
        }
        long two = candidates.drawTwo(random);
        int a = (int) (two >>> 32);
        int b = (int) two;
        if (a == b) {
            return candidates.fits(a, call, nowNanos) ? a : candidates.drawFitting(call, nowNanos, random);
        }
        long callsA = candidates.calls(a);
        long callsB = candidates.calls(b);
        return candidates.free(callsA)
                        && candidates.free(callsB)
                        && call.context().record().untried()
                ? cheaper(candidates, a, callsA, b, callsB, nowNanos)
                : checked(candidates, a, b, call, nowNanos);
    }

    private int cheaper(Candidates<?> candidates, int a, long callsA, int b, long callsB, long nowNanos) {
        if (byLatency) {
            float costA = candidates.cost(a, callsA, nowNanos);
            float costB = candidates.cost(b, callsB, nowNanos);
            return costB * candidates.capacity(a) < costA * candidates.capacity(b) * CLEARLY_LESS ? b : a;
        }
        float loadA = Load.inFlight(callsA) + 1f;
        float loadB = Load.inFlight(callsB) + 1f;
        return loadB * candidates.capacity(a) < loadA * candidates.capacity(b) ? b : a;
    }

    /** The slow path: an instance is cold, unhealthy or at its limit, or the call was tried before. */
    private int checked(Candidates<?> candidates, int a, int b, Call call, long nowNanos) {
        boolean aFits = candidates.fits(a, call, nowNanos);
        boolean bFits = candidates.fits(b, call, nowNanos);
        if (!aFits || !bFits) {
            return aFits ? a : bFits ? b : candidates.drawFitting(call, nowNanos, random);
        }
        if (candidates.mustProbe(a, random)) {
            return a;
        }
        boolean aUnhealthy = candidates.unhealthy(a);
        if (aUnhealthy != candidates.unhealthy(b)) {
            return aUnhealthy ? b : a; // in a panic healthy instances come first
        }
        return cheaper(candidates, a, candidates.calls(a), b, candidates.calls(b), nowNanos);
    }
}
