package dev.treaty.balance;

import dev.treaty.core.call.Call;

/**
 * Picks the same instance for the same key: every instance has a score for the key, and the highest score gets the
 * call. It needs no table and moves no key without need, but computes a score for every instance on every call: for
 * small services. Loads are bounded as in {@link ConsistentHash}.
 *
 * @see <a href="https://doi.org/10.1109/90.663936">D. Thaler, C. Ravishankar, Using name-based mappings to increase hit
 *     rates, 1998</a>
 */
final class RendezvousHash {
    private RendezvousHash() {}

    /** Returns the instance with the highest score that is below its load bound; the least loaded if all exceed it. */
    static int pick(Candidates<?> candidates, Call call, long key, double balanceFactor, long nowNanos) {
        int best = LoadBalancer.NONE;
        double highest = 0;
        for (int n = 0; n < candidates.eligible(); n++) {
            int index = candidates.eligible(n);
            double score = score(candidates, index, key);
            if (score > highest && ConsistentHash.accepts(candidates, index, call, balanceFactor, nowNanos)) {
                best = index;
                highest = score;
            }
        }
        return best == LoadBalancer.NONE ? candidates.leastLoaded(call, nowNanos) : best;
    }

    /**
     * Weight / −ln(hash as a number between 0 and 1): the number of keys of an instance is in proportion to its weight.
     */
    private static double score(Candidates<?> candidates, int index, long key) {
        long hash = HashPolicy.mix(key ^ candidates.subset.states[index].hash);
        double unit = ((hash >>> 11) + 1) * 0x1p-53;
        return candidates.weight(index) / -Math.log(Math.min(unit, 1 - 0x1p-53));
    }
}
