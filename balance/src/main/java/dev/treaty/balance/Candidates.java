package dev.treaty.balance;

import dev.treaty.core.call.Call;
import dev.treaty.core.call.CandidateSet;
import dev.treaty.core.call.Exclusion;
import dev.treaty.core.call.Exclusion.Reason;
import dev.treaty.core.discovery.ServiceInstance;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The instances among which a {@link LoadBalancer} picks, by index in the order of their ids: one unchanging snapshot,
 * whose loads and states are read as they are at that moment. Looking at it allocates nothing.
 *
 * <p>All instances that the call may be for are here. Those that do not take calls now, or that a nearer one is
 * preferred to, are not {@link #available}; {@link #draw} gives one of the others by chance, by their weights, in
 * constant time.
 */
public final class Candidates implements CandidateSet {
    /** The most exclusions that are told. */
    static final int EXCLUSIONS_MAX = 1_000;

    /** How often chance is asked for another one before all are looked at. */
    private static final int DRAWS_MAX = 4;

    private final Subset slice;
    private final InstanceState[] all;
    private final int @Nullable [] eligible;
    private final float @Nullable [] weights;
    private final @Nullable AliasTable shares;
    private final @Nullable Exclusion @Nullable [] exclusions;
    private final float heaviest;
    private final boolean panic;
    private final int connectionsMax;

    /**
     * A snapshot.
     *
     * @param slice what stays as long as no instance comes or goes
     * @param all every instance of the service
     * @param weights of each instance in the slice, zero for those that are not to be picked; null where all are alike
     * @param exclusions of each instance in the slice, null where it has none; null where none has any
     */
    Candidates(
            Subset slice,
            InstanceState[] all,
            float @Nullable [] weights,
            @Nullable Exclusion @Nullable [] exclusions,
            boolean panic,
            int connectionsMax) {
        this.slice = slice;
        this.all = all;
        this.weights = weights;
        this.exclusions = exclusions;
        this.panic = panic;
        this.connectionsMax = connectionsMax;
        this.eligible = weights == null ? null : positive(weights);
        this.shares = weights == null || eligible == null ? null : shares(weights, eligible);
        this.heaviest = weights == null || shares == null ? 0 : greatest(weights);
    }

    private static float greatest(float[] weights) {
        float greatest = 0;
        for (float weight : weights) {
            greatest = Math.max(greatest, weight);
        }
        return greatest;
    }

    private static int[] positive(float[] weights) {
        var indexes = new int[weights.length];
        int count = 0;
        for (int i = 0; i < weights.length; i++) {
            if (weights[i] > 0) {
                indexes[count++] = i;
            }
        }
        return Arrays.copyOf(indexes, count);
    }

    private static @Nullable AliasTable shares(float[] weights, int[] eligible) {
        var of = new float[eligible.length];
        boolean even = true;
        for (int i = 0; i < of.length; i++) {
            of[i] = weights[eligible[i]];
            even &= of[i] == of[0];
        }
        return even ? null : new AliasTable(of);
    }

    /** How many there are, available or not. */
    public int size() {
        return slice.size();
    }

    /** Those that are to be picked from, leaving aside what happens from moment to moment. */
    @Override
    public int eligible() {
        return eligible == null ? slice.size() : eligible.length;
    }

    /** The index of the nth that is to be picked from. */
    int eligible(int n) {
        return eligible == null ? n : eligible[n];
    }

    /** That instance. */
    public ServiceInstance instance(int index) {
        return member(index).instance();
    }

    /** The member that stands for that instance, as it was given to the {@link BalancedInstances}. */
    public BalancedInstance member(int index) {
        return slice.member(index);
    }

    /** How busy it is. */
    public Load load(int index) {
        return slice.load(index);
    }

    /** The word of its calls, as {@link Load} keeps it: what a picker looks at first, and once. */
    long calls(int index) {
        return slice.calls(index);
    }

    /** Whether one that was drawn takes a call without a second look, by that word: it is well and not full. */
    boolean free(long calls) {
        return Load.standing(calls) == Load.WELL && Load.inFlight(calls) < connectionsMax;
    }

    /** How many calls are under way there. */
    int inFlight(int index) {
        return Load.inFlight(slice.calls(index));
    }

    private int standing(int index) {
        return Load.standing(slice.calls(index));
    }

    /** What one more call would cost there; see {@link Load#cost}. */
    float cost(int index, long calls, long nowNanos) {
        return slice.cost(index, calls, nowNanos);
    }

    /** Its share compared with the others; zero where it is not to be picked. */
    public float weight(int index) {
        return weights == null ? 1 : weights[index];
    }

    /** The greatest weight; zero where all have the same. */
    float heaviest() {
        return heaviest;
    }

    /** How much it can take compared with the others, whatever its state: the weight it asks for itself. */
    float capacity(int index) {
        return slice.capacity(index);
    }

    /** Whether it takes a call now. A picker never picks one that does not. */
    public boolean available(int index, long nowNanos) {
        long calls = slice.calls(index);
        return Load.standing(calls) == Load.SICK
                ? sickAvailable(index, nowNanos)
                : Load.inFlight(calls) < connectionsMax && (weights == null || weights[index] > 0);
    }

    private boolean sickAvailable(int index, long nowNanos) {
        if (weights != null && weights[index] == 0) {
            return false;
        }
        InstanceState standing = slice.standings()[index];
        if (panic) {
            Reason reason = standing.member().exclusion(nowNanos);
            return (reason == null || InstanceState.sick(reason)) && inFlight(index) < connectionsMax;
        }
        return standing.takesCalls(nowNanos);
    }

    /** Whether it takes a call now, and this one has not been tried there already: another attempt prefers another. */
    public boolean fits(int index, Call call, long nowNanos) {
        return available(index, nowNanos)
                && (call.context().record().untried()
                        || !call.context().record().triedAt(instance(index).id()));
    }

    /** Whether calls go there only to find out, or because too many others are sick as well. */
    boolean sick(int index) {
        return standing(index) == Load.SICK;
    }

    /** Whether a call should go there whatever its load: a trial, or the least share of one that is cold. */
    boolean mustProbe(int index, RandomGenerator random) {
        return switch (standing(index)) {
            case Load.WELL -> false;
            case Load.SICK -> !panic;
            default -> random.nextFloat() * slice.standings()[index].ramp() < slice.leastShare();
        };
    }

    /** The share that it has come to in its slow start; 1 where it is warm. */
    float ramp(int index) {
        return standing(index) == Load.COLD ? slice.standings()[index].ramp() : 1;
    }

    /** One by chance, by weight; {@link LoadBalancer#NONE} where there is none. */
    public int draw(RandomGenerator random) {
        int count = eligible();
        if (count == 0) {
            return LoadBalancer.NONE;
        }
        long bits = random.nextLong();
        return eligible(shares == null ? AliasTable.place(bits >>> 32, count) : shares.at(bits));
    }

    /** Two by chance, by weight, as the halves of a number; different ones where they weigh the same. */
    long drawTwo(RandomGenerator random) {
        int count = eligible();
        long bits = random.nextLong();
        if (shares != null) {
            // Two different ones would give the lightest more than its share.
            return pair(eligible(shares.at(bits)), eligible(shares.at(random.nextLong())));
        }
        int a = AliasTable.place(bits >>> 32, count);
        if (count == 1) {
            return pair(eligible(a), eligible(a));
        }
        int b = AliasTable.place(bits & 0xFFFF_FFFFL, count - 1);
        return pair(eligible(a), eligible(b >= a ? b + 1 : b));
    }

    private static long pair(int a, int b) {
        return ((long) a << 32) | b;
    }

    /** One by chance that fits; where chance finds none soon, the least loaded of all that do. */
    int drawFitting(Call call, long nowNanos, RandomGenerator random) {
        for (int draws = 0; draws < DRAWS_MAX && eligible() > 0; draws++) {
            int index = draw(random);
            if (fits(index, call, nowNanos)) {
                return index;
            }
        }
        return leastLoaded(call, nowNanos);
    }

    /** The least loaded that fits, or else that at least takes calls: looks at all, where nothing better helps. */
    int leastLoaded(Call call, long nowNanos) {
        int best = LoadBalancer.NONE;
        boolean bestFits = false;
        for (int n = 0; n < eligible(); n++) {
            int index = eligible(n);
            if (available(index, nowNanos)) {
                boolean fits = fits(index, call, nowNanos);
                boolean better =
                        best == LoadBalancer.NONE || (fits == bestFits ? inFlight(index) < inFlight(best) : fits);
                if (better) {
                    best = index;
                    bestFits = fits;
                }
            }
        }
        return best;
    }

    /**
     * The same without some of them.
     *
     * @param objection why one is not to be picked; null where it may be
     */
    public Candidates without(Function<? super BalancedInstance, @Nullable Exclusion> objection) {
        var fewer = new float[slice.size()];
        var reasons = new @Nullable Exclusion[slice.size()];
        for (int i = 0; i < fewer.length; i++) {
            Exclusion against = objection.apply(member(i));
            fewer[i] = against == null ? weight(i) : 0;
            reasons[i] = against != null ? against : exclusions == null ? null : exclusions[i];
        }
        return new Candidates(slice, all, fewer, reasons, panic, connectionsMax);
    }

    /** Picks one, by the picker that these instances have; {@link LoadBalancer#NONE} where none takes the call. */
    public int pick(Call call, long nowNanos) {
        return eligible() == 0 ? LoadBalancer.NONE : slice.balancer().pick(this, call, nowNanos);
    }

    /** What stays the same until an instance comes or goes: what tables of hashes are kept by. */
    Subset slice() {
        return slice;
    }

    /** Whether some instances of the service get less than others, so that it is worth a note. */
    public boolean restricted() {
        return exclusions != null || panic || slice.size() < all.length;
    }

    @Override
    public boolean panic() {
        return panic;
    }

    @Override
    public List<Exclusion> exclusions() {
        var told = new ArrayList<Exclusion>();
        int here = 0;
        for (int i = 0; i < all.length && told.size() < EXCLUSIONS_MAX; i++) {
            boolean ours = here < slice.size() && slice.standings()[here] == all[i];
            Exclusion exclusion = ours ? exclusion(here++) : all[i].left();
            if (exclusion != null) {
                told.add(exclusion);
            }
        }
        return List.copyOf(told);
    }

    private @Nullable Exclusion exclusion(int index) {
        Exclusion known = exclusions == null ? null : exclusions[index];
        return known == null && inFlight(index) >= connectionsMax
                ? new Exclusion(instance(index).id(), Reason.CONNECTION_LIMIT, inFlight(index) + " calls under way")
                : known;
    }
}
