package dev.treaty.balance;

import dev.treaty.core.call.Call;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Picks the same instance for the same key. When an instance is added or removed, only about one key in n moves, and
 * while an instance accepts no calls, only its own keys move.
 *
 * <p>Loads are bounded: an instance with {@link HashPolicy#balanceFactor()} times its share of the calls in flight
 * gets no further calls, so that a popular key cannot overload its instance. The keys do not all move to the next
 * instance, which would be overloaded in turn; each key jumps to a position of its own.
 *
 * <p>The table is made of the instances and the weights that they ask for. What else makes up a share (zone, slow
 * start, subset) decides how many of its keys an instance keeps; the others jump. So a change of these moves no other
 * keys, and instances get the same shares as with other policies.
 *
 * <p>If a key finds no instance within some jumps, because few of the instances are
 * eligible, {@link RendezvousHash} selects among those. The loads of all instances are only read if the first choice is
 * busy; if several threads pick concurrently, the bound may be exceeded by one call each.
 *
 * @see <a href="https://arxiv.org/abs/1608.01350">Mirrokni, Thorup, Zadimoghaddam, Consistent hashing with bounded
 *     loads, 2016</a>
 * @see <a href="https://arxiv.org/abs/1908.08762">J. Chen, B. Coleman, A. Shrivastava, Revisiting consistent hashing
 *     with bounded loads, 2019 (random jumps)</a>
 */
final class ConsistentHash implements LoadBalancer {
    /** The number of positions that a key tries before all eligible instances are compared. */
    private static final int JUMPS_MAX = 16;

    /** How many calls above its bound an instance may have if weights differ. */
    private static final int UNEVEN_SLACK = 2;

    private static final long JUMP = 0x9E3779B97F4A7C15L;

    /** Maps hashes to instances of one subset. */
    interface Table {
        /** Returns the index of the instance that a hash belongs to. */
        int find(long hash);
    }

    private record Built(Subset<?> subset, Table table) {}

    private final HashPolicy policy;
    private final @Nullable Function<Subset<?>, Table> build;
    private final LoadBalancer withoutKey;
    private volatile @Nullable Built built;

    /**
     * A load balancer.
     *
     * @param build builds the table; null for none, so that {@link RendezvousHash} selects among all instances
     */
    ConsistentHash(HashPolicy policy, @Nullable Function<Subset<?>, Table> build, RandomGenerator random) {
        this.policy = policy;
        this.build = build;
        this.withoutKey = TwoChoices.peakEwma(random);
    }

    @Override
    public int pick(Candidates<?> candidates, Call call, long nowNanos) {
        long key = policy.key(call);
        if (key == HashPolicy.NONE) {
            return withoutKey.pick(candidates, call, nowNanos);
        }
        if (build != null) {
            long hash = key;
            Table table = table(candidates.subset, build);
            for (int jumps = 0; jumps < JUMPS_MAX; jumps++) {
                int index = table.find(hash);
                if (keeps(candidates, index, hash)
                        && accepts(candidates, index, call, policy.balanceFactor(), nowNanos)) {
                    return index;
                }
                hash = HashPolicy.mix(hash + JUMP);
            }
        }
        return RendezvousHash.pick(candidates, call, key, policy.balanceFactor(), nowNanos);
    }

    /** Returns the table of a set of instances; of the threads that find another set, one builds the table for all. */
    @SuppressWarnings("ReferenceEquality") // another set of instances is another array
    private Table table(Subset<?> subset, Function<Subset<?>, Table> from) {
        Built now = built;
        if (now == null || now.subset.states != subset.states) {
            synchronized (this) {
                now = built;
                if (now == null || now.subset.states != subset.states) {
                    now = new Built(subset, from.apply(subset));
                    built = now;
                }
            }
        }
        return now.table;
    }

    /** Returns true if a key that reached an instance by that hash is in the part of its keys that it keeps. */
    private static boolean keeps(Candidates<?> candidates, int index, long hash) {
        float kept = candidates.kept(index);
        return kept == 1 || (HashPolicy.mix(hash ^ JUMP) >>> 40) * 0x1p-24f < kept;
    }

    /** Returns true if an instance accepts the call and is within its load bound. */
    static boolean accepts(Candidates<?> candidates, int index, Call call, double balanceFactor, long nowNanos) {
        return candidates.fits(index, call, nowNanos) && belowBound(candidates, index, balanceFactor);
    }

    private static boolean belowBound(Candidates<?> candidates, int index, double balanceFactor) {
        int inFlight = candidates.inFlight(index);
        if (inFlight == 0) {
            return true;
        }
        double weights = 0;
        long total = 0;
        for (int n = 0; n < candidates.eligible(); n++) {
            int other = candidates.eligible(n);
            weights += candidates.weight(other);
            total += candidates.inFlight(other);
        }
        double share = candidates.weight(index) / weights;
        double bound = balanceFactor * (double) (total + 1) * share;
        // If weights differ, small bounds would move more keys from light instances than from heavy ones.
        return inFlight + 1 <= (candidates.even() ? Math.ceil(bound) : bound + UNEVEN_SLACK);
    }
}
