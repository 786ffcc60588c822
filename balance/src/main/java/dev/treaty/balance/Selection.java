package dev.treaty.balance;

import dev.treaty.core.call.Call;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * What the routing rules select for a call: the candidates for an attempt, and the destination of copies.
 *
 * @param candidates the instances that the call may be sent to
 * @param mirror the instances that copies are sent to; null for none
 * @param mirrorShare the share of the calls that are copied, from 0 to 1
 */
public record Selection<M extends BalancedInstance>(
        Candidates<M> candidates, @Nullable Candidates<M> mirror, double mirrorShare) {
    /** Returns the candidates for a copy of this call, or null if it is not copied: only idempotent calls are. */
    public @Nullable Candidates<M> mirrorFor(Call call, RandomGenerator random) {
        return mirror != null && call.operation().idempotent() && random.nextDouble() < mirrorShare ? mirror : null;
    }
}
