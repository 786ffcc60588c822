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
 * instance, which would be overloaded in turn; each key jumps to a position of its own. A cold instance gets a growing
 * share of its keys in the same way. If a key finds no instance within some jumps, because few of the instances are
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

    private static final long JUMP = 0x9E3779B97F4A7C15L;

    /** Maps hashes to instances of one subset. */
    interface Table {
        /** Returns the index of the instance that a hash belongs to. */
        int find(long hash);
    }

    private record Built(Subset<?> subset, Table table) {}

    private final HashPolicy policy;
    private final Function<Subset<?>, Table> build;
    private final LoadBalancer withoutKey;
    private volatile @Nullable Built built;

    private ConsistentHash(HashPolicy policy, Function<Subset<?>, Table> build, RandomGenerator random) {
        this.policy = policy;
        this.build = build;
        this.withoutKey = TwoChoices.peakEwma(random);
    }

    /** A load balancer with a ring of hashes; see {@link HashRing}. */
    static ConsistentHash ring(HashPolicy policy, RandomGenerator random) {
        return new ConsistentHash(policy, HashRing::new, random);
    }

    /** A load balancer with a very even table that needs one lookup; see {@link MaglevTable}. */
    static ConsistentHash maglev(HashPolicy policy, RandomGenerator random) {
        return new ConsistentHash(policy, MaglevTable::new, random);
    }

    @Override
    public int pick(Candidates<?> candidates, Call call, long nowNanos) {
        long key = policy.key(call);
        if (key == HashPolicy.NONE) {
            return withoutKey.pick(candidates, call, nowNanos);
        }
        long hash = key;
        Table table = table(candidates.subset);
        for (int jumps = 0; jumps < JUMPS_MAX; jumps++) {
            int index = table.find(hash);
            if (accepts(candidates, index, call, hash, policy.balanceFactor(), nowNanos)) {
                return index;
            }
            hash = HashPolicy.mix(hash + JUMP);
        }
        return RendezvousHash.pick(candidates, call, key, policy.balanceFactor(), nowNanos);
    }

    @SuppressWarnings("ReferenceEquality") // another set of instances is another array
    private Table table(Subset<?> subset) {
        Built now = built;
        if (now == null || now.subset.states != subset.states) {
            now = new Built(subset, build.apply(subset));
            built = now;
        }
        return now.table;
    }

    /** Returns true if an instance accepts the call, and the key is within its warm-up share and its load bound. */
    static boolean accepts(
            Candidates<?> candidates, int index, Call call, long hash, double balanceFactor, long nowNanos) {
        return candidates.fits(index, call, nowNanos)
                && warm(candidates.ramp(index), hash)
                && belowBound(candidates, index, balanceFactor);
    }

    private static boolean warm(float ramp, long hash) {
        return ramp == 1 || (HashPolicy.mix(hash ^ JUMP) >>> 40) * 0x1p-24f < ramp;
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
        return inFlight + 1 <= Math.ceil(balanceFactor * (total + 1) * share);
    }
}
