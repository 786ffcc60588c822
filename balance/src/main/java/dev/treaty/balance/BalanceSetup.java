package dev.treaty.balance;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How the calls to one service are distributed, from one change until the next. A call takes one setup when it begins
 * and passes it to {@link BalancedInstances#select} for each attempt. Setups are compared by identity: keep the object
 * if nothing has changed.
 *
 * @param policy how an instance is selected
 * @param rules which instances a call may be sent to
 * @param custom the load balancer in place of that of the policy; null for that of the policy
 */
public record BalanceSetup(
        BalancePolicy policy, RoutingPolicy rules, @Nullable LoadBalancer custom) {

    /** A setup with the load balancer of the policy. */
    public static BalanceSetup of(BalancePolicy policy, RoutingPolicy rules) {
        return new BalanceSetup(policy, rules, null);
    }

    /** Returns whether both pick instances by the same algorithm, so that they can share what it has learned. */
    boolean picksLike(BalanceSetup other) {
        return Objects.equals(custom, other.custom)
                && policy.policy() == other.policy.policy()
                && policy.hash().equals(other.policy.hash());
    }
}
