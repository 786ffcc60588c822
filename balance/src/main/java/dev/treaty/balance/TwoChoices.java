package dev.treaty.balance;

import dev.treaty.core.call.Call;
import java.util.random.RandomGenerator;

/**
 * Power of two choices: looks at two instances picked by chance and takes the better one. That is nearly as even as
 * looking at all of them, costs the same for ten and for a hundred thousand, and callers that see the same loads do not
 * all run to the same instance.
 *
 * <p>An instance that takes no calls is never picked, and one where this call has been tried only where nothing
 * else is left. One that is being tried, or is cold and has had less than its least share, is taken whatever its load.
 *
 * @see <a href="https://www.eecs.harvard.edu/~michaelm/postscripts/mythesis.pdf">M. Mitzenmacher, The power of two
 *     choices in randomized load balancing, 1996</a>
 */
public final class TwoChoices implements LoadBalancer {
    /** Latencies are never quite the same; a difference below a quarter says nothing, and chance decides. */
    private static final float CLEARLY = 0.75f;

    private final RandomGenerator random;
    private final boolean byLatency;

    private TwoChoices(RandomGenerator random, boolean byLatency) {
        this.random = random;
        this.byLatency = byLatency;
    }

    /** Takes the one where another call costs less: latency × (calls under way + 1); see {@link Load#cost}. */
    public static TwoChoices peakEwma(RandomGenerator random) {
        return new TwoChoices(random, true);
    }

    /** Takes the one with fewer calls under way. */
    public static TwoChoices leastLoaded(RandomGenerator random) {
        return new TwoChoices(random, false);
    }

    @Override
    public int pick(Candidates candidates, Call call, long nowNanos) {
        if (candidates.eligible() == 0) {
            return NONE;
        }
        long two = candidates.drawTwo(random);
        int a = (int) (two >>> 32);
        int b = (int) two;
        if (a == b) {
            return candidates.fits(a, call, nowNanos) ? a : candidates.drawFitting(call, nowNanos, random);
        }
        long ofA = candidates.calls(a);
        long ofB = candidates.calls(b);
        return candidates.free(ofA)
                        && candidates.free(ofB)
                        && call.context().record().untried()
                ? cheaper(candidates, a, ofA, b, ofB, nowNanos)
                : withCare(candidates, a, b, call, nowNanos);
    }

    private int cheaper(Candidates candidates, int a, long ofA, int b, long ofB, long nowNanos) {
        if (byLatency) {
            float costA = candidates.cost(a, ofA, nowNanos);
            float costB = candidates.cost(b, ofB, nowNanos);
            return costB * candidates.capacity(a) < costA * candidates.capacity(b) * CLEARLY ? b : a;
        }
        float fullA = Load.inFlight(ofA) + 1f;
        float fullB = Load.inFlight(ofB) + 1f;
        return fullB * candidates.capacity(a) < fullA * candidates.capacity(b) ? b : a;
    }

    /** Where one of them is cold, sick or full, or the call has been tried somewhere already. */
    private int withCare(Candidates candidates, int a, int b, Call call, long nowNanos) {
        boolean aFits = candidates.fits(a, call, nowNanos);
        boolean bFits = candidates.fits(b, call, nowNanos);
        if (!aFits || !bFits) {
            return aFits ? a : bFits ? b : candidates.drawFitting(call, nowNanos, random);
        }
        if (candidates.mustProbe(a, random)) {
            return a;
        }
        boolean aSick = candidates.sick(a);
        if (aSick != candidates.sick(b)) {
            return aSick ? b : a; // where even the sick get calls, the well come first
        }
        return cheaper(candidates, a, candidates.calls(a), b, candidates.calls(b), nowNanos);
    }
}
