package dev.treaty.balance;

import dev.treaty.core.call.Call;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The same instance for the same key. When an instance comes or goes, only about one key in n moves, and while one does
 * not take calls, only its own keys go elsewhere.
 *
 * <p>Loads are bounded: an instance that has {@link HashPolicy#balanceFactor()} times its part of the calls under way is
 * full, and its keys go elsewhere until it is not; so a popular key cannot crush its instance. They do not go to the
 * next one, which would be crushed in turn, but each key jumps to a place of its own. A cold instance gets a growing
 * share of its keys in the same way. Where a key finds none in some jumps, since calls may be for few of all, the
 * {@link RendezvousHash} of those few is its home. The loads of all are only looked at where the first instance asked is
 * busy; with several threads that pick at the same moment the bound may be exceeded by one call each.
 *
 * @see <a href="https://arxiv.org/abs/1608.01350">Mirrokni, Thorup, Zadimoghaddam, Consistent hashing with bounded
 *     loads, 2016</a>
 * @see <a href="https://arxiv.org/abs/1908.08762">J. Chen, B. Coleman, A. Shrivastava, Revisiting consistent hashing
 *     with bounded loads, 2019 (random jumps)</a>
 */
public final class ConsistentHash implements LoadBalancer {
    /** How many places a key tries before all instances that it may be for are compared. */
    private static final int JUMPS_MAX = 16;

    private static final long JUMP = 0x9E3779B97F4A7C15L;

    /** Where keys belong while no instance comes or goes. */
    interface Table {
        /** The index of the instance that a hash belongs to. */
        int find(long hash);
    }

    private record Built(Subset slice, Table table) {}

    private final HashPolicy policy;
    private final Function<Subset, Table> build;
    private final LoadBalancer withoutKey;
    private volatile @Nullable Built built;

    private ConsistentHash(HashPolicy policy, Function<Subset, Table> build, RandomGenerator random) {
        this.policy = policy;
        this.build = build;
        this.withoutKey = TwoChoices.peakEwma(random);
    }

    /** By a ring of hashes; see {@link HashRing}. */
    public static ConsistentHash ring(HashPolicy policy, RandomGenerator random) {
        return new ConsistentHash(policy, HashRing::new, random);
    }

    /** By a table that is as even as can be and needs one look; see {@link MaglevTable}. */
    public static ConsistentHash maglev(HashPolicy policy, RandomGenerator random) {
        return new ConsistentHash(policy, MaglevTable::new, random);
    }

    @Override
    public int pick(Candidates candidates, Call call, long nowNanos) {
        long key = policy.key(call);
        if (key == HashPolicy.NONE) {
            return withoutKey.pick(candidates, call, nowNanos);
        }
        long hash = key;
        Table table = table(candidates.slice());
        for (int jumps = 0; jumps < JUMPS_MAX; jumps++) {
            int index = table.find(hash);
            if (candidates.fits(index, call, nowNanos)
                    && warm(candidates, index, hash)
                    && roomy(candidates, index, policy.balanceFactor())) {
                return index;
            }
            hash = HashPolicy.mix(hash + JUMP);
        }
        return RendezvousHash.pick(candidates, call, key, policy.balanceFactor(), nowNanos);
    }

    @SuppressWarnings("ReferenceEquality") // whoever has other instances has another array
    private Table table(Subset slice) {
        Built now = built;
        if (now == null || now.slice.standings() != slice.standings()) {
            now = new Built(slice, build.apply(slice));
            built = now;
        }
        return now.table;
    }

    /** Whether this key is among the share that a cold instance gets already. */
    static boolean warm(Candidates candidates, int index, long hash) {
        float ramp = candidates.ramp(index);
        return ramp == 1 || (HashPolicy.mix(hash ^ JUMP) >>> 40) * 0x1p-24f < ramp;
    }

    /** Whether an instance has room for one more call. */
    static boolean roomy(Candidates candidates, int index, double fullness) {
        int inFlight = candidates.inFlight(index);
        if (inFlight == 0) {
            return true;
        }
        double weights = 0;
        long counted = 0;
        for (int n = 0; n < candidates.eligible(); n++) {
            int other = candidates.eligible(n);
            weights += candidates.weight(other);
            counted += candidates.inFlight(other);
        }
        double part = candidates.weight(index) / weights;
        return inFlight + 1 <= Math.ceil(fullness * (counted + 1) * part);
    }
}
