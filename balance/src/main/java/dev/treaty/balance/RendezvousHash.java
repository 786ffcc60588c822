package dev.treaty.balance;

import dev.treaty.core.call.Call;
import java.util.random.RandomGenerator;

/**
 * The same instance for the same key: every instance has a score for the key, and the highest gets the call. It needs
 * no table and moves no key that need not move, but looks at every instance for every call: for small services. Loads
 * are bounded as in {@link ConsistentHash}.
 *
 * @see <a href="https://doi.org/10.1109/90.663936">D. Thaler, C. Ravishankar, Using name-based mappings to increase hit
 *     rates, 1998</a>
 */
public final class RendezvousHash implements LoadBalancer {
    private final HashPolicy policy;
    private final LoadBalancer withoutKey;

    /** A picker with that key, and that source of chance for calls without one. */
    public RendezvousHash(HashPolicy policy, RandomGenerator random) {
        this.policy = policy;
        this.withoutKey = TwoChoices.peakEwma(random);
    }

    @Override
    public int pick(Candidates candidates, Call call, long nowNanos) {
        long key = policy.key(call);
        if (key == HashPolicy.NONE) {
            return withoutKey.pick(candidates, call, nowNanos);
        }
        return pick(candidates, call, key, policy.balanceFactor(), nowNanos);
    }

    /** The one with the highest score for that key that has room; the least loaded where none has. */
    static int pick(Candidates candidates, Call call, long key, double fullness, long nowNanos) {
        int best = NONE;
        double highest = 0;
        for (int n = 0; n < candidates.eligible(); n++) {
            int index = candidates.eligible(n);
            double score = score(candidates, index, key);
            if (score > highest
                    && candidates.fits(index, call, nowNanos)
                    && ConsistentHash.warm(candidates, index, key)
                    && ConsistentHash.roomy(candidates, index, fullness)) {
                best = index;
                highest = score;
            }
        }
        return best == NONE ? candidates.leastLoaded(call, nowNanos) : best;
    }

    /** Weight / −ln(hash as a number between 0 and 1): an instance wins as many keys as its weight says. */
    private static double score(Candidates candidates, int index, long key) {
        long hash = HashPolicy.mix(key ^ candidates.slice().standings()[index].hash());
        double unit = ((hash >>> 11) + 1) * 0x1p-53;
        return candidates.capacity(index) / -Math.log(Math.min(unit, 1 - 0x1p-53));
    }
}
