package dev.treaty.balance;

import dev.treaty.core.call.Call;
import java.util.random.RandomGenerator;

/**
 * Power of two choices: looks at two instances picked by chance and takes the one with fewer calls under way. That is
 * nearly as even as looking at all of them, costs the same for ten and for ten thousand, and callers that see the same
 * loads do not all run to the same instance.
 *
 * <p>An instance that takes no calls is never picked, and one where this call has already failed only where nothing
 * else is left.
 *
 * @see <a href="https://www.eecs.harvard.edu/~michaelm/postscripts/mythesis.pdf">M. Mitzenmacher, The power of two
 *     choices in randomized load balancing, 1996</a>
 */
public final class LeastLoaded implements LoadBalancer {
    private final RandomGenerator random;

    /** A picker with that source of chance. */
    public LeastLoaded(RandomGenerator random) {
        this.random = random;
    }

    @Override
    public int pick(Candidates candidates, Call call) {
        int size = candidates.size();
        if (size == 0) {
            return NONE;
        }
        int a = random.nextInt(size);
        if (size == 1) {
            return candidates.available(a) ? a : NONE;
        }
        int b = random.nextInt(size - 1);
        if (b >= a) {
            b++;
        }
        boolean aFit = fit(candidates, a, call);
        boolean bFit = fit(candidates, b, call);
        if (aFit && bFit) {
            return candidates.inFlight(b) < candidates.inFlight(a) ? b : a;
        }
        return aFit ? a : bFit ? b : scan(candidates, a, call);
    }

    private static boolean fit(Candidates candidates, int index, Call call) {
        return candidates.available(index) && !call.context().record().failedAt(candidates.id(index));
    }

    /** Neither of the two will do, so look at all: the least loaded that fits, or else that at least takes calls. */
    private static int scan(Candidates candidates, int start, Call call) {
        int size = candidates.size();
        int best = NONE;
        boolean bestFit = false;
        for (int i = 0; i < size; i++) {
            int index = (start + i) % size;
            if (!candidates.available(index)) {
                continue;
            }
            boolean fit = fit(candidates, index, call);
            if (best == NONE
                    || (fit && !bestFit)
                    || (fit == bestFit && candidates.inFlight(index) < candidates.inFlight(best))) {
                best = index;
                bestFit = fit;
            }
        }
        return best;
    }
}
