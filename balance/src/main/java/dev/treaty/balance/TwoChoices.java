package dev.treaty.balance;

import dev.treaty.core.call.Call;
import java.util.random.RandomGenerator;

/**
 * Power of two choices: compares two random instances and picks the better one. That is nearly as even as comparing all
 * of them, costs the same for ten and for a hundred thousand instances, and clients that see the same loads do not all
 * pick the same instance.
 *
 * <p>If weights differ, both are drawn by weight, and the first is picked unless the other is clearly better, so that
 * shares are those of the weights. Each instance is treated as a number of equal units in proportion to its weight, and
 * the loads of two random units are compared. If the second draw repeats the first, as often happens with a heavy
 * instance, any other instance is compared; it then appears more often than its weight says, so the difference must be
 * great. A latency is not divided by a weight: an instance that is several times slower than another is slow, whatever
 * its weight.
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

    /** The same for an instance that was compared because the second draw repeated the first. */
    private static final float MUCH_LESS = 0.3f;

    /** Of instances with different weights, one whose latency is this multiple of the other's is slow. */
    private static final float SLOW = 4;

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
        int a = candidates.draw(random);
        int b = candidates.even() ? a : candidates.draw(random);
        float clearly = a == b && !candidates.even() ? MUCH_LESS : CLEARLY_LESS;
        b = a == b ? candidates.other(a, random) : b;
        if (a == b) {
            return candidates.fits(a, call, nowNanos) ? a : candidates.drawFitting(call, nowNanos, random);
        }
        long callsA = candidates.subset.calls(a);
        long callsB = candidates.subset.calls(b);
        return candidates.free(callsA)
                        && candidates.free(callsB)
                        && call.context().record().untried()
                ? better(candidates, a, callsA, b, callsB, clearly, nowNanos)
                : checked(candidates, a, b, clearly, call, nowNanos);
    }

    /** Returns the second instance if its cost is clearly less, otherwise the first. */
    private int better(Candidates<?> candidates, int a, long callsA, int b, long callsB, float clearly, long nowNanos) {
        float weightA = candidates.weight(a);
        float weightB = candidates.weight(b);
        if (byLatency) {
            float latencyA = candidates.subset.latency(a, nowNanos);
            float latencyB = candidates.subset.latency(b, nowNanos);
            if (weightA == weightB || isSlow(candidates, a, b) || isSlow(candidates, b, a)) {
                float costA = Load.cost(latencyA, callsA);
                return Load.cost(latencyB, callsB) < costA * CLEARLY_LESS ? b : a;
            }
        } else if (weightA == weightB) {
            return Load.inFlight(callsB) < Load.inFlight(callsA) ? b : a;
        }
        float lighter = Math.min(weightA, weightB);
        return unitLoad(callsB, weightB / lighter) + 1 < (unitLoad(callsA, weightA / lighter) + 1) * clearly ? b : a;
    }

    /** Returns true if an instance is several times slower than another by their last calls, however long ago. */
    private static boolean isSlow(Candidates<?> candidates, int index, int other) {
        return candidates.subset.lastLatency(index) > candidates.subset.lastLatency(other) * SLOW;
    }

    /** The calls in flight at one random unit of an instance with that number of units. */
    private int unitLoad(long calls, float units) {
        float mean = Load.inFlight(calls) / units;
        return units == 1 ? (int) mean : (int) (mean + random.nextFloat());
    }

    /** The slow path: an instance is cold, unhealthy or at its limit, or the call was tried before. */
    private int checked(Candidates<?> candidates, int a, int b, float clearly, Call call, long nowNanos) {
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
        return better(candidates, a, candidates.subset.calls(a), b, candidates.subset.calls(b), clearly, nowNanos);
    }
}
