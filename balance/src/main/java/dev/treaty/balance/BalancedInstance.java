package dev.treaty.balance;

import dev.treaty.core.call.Exclusion;
import dev.treaty.core.discovery.ServiceInstance;
import org.jspecify.annotations.Nullable;

/** An instance as its client holds it: what a {@link BalancedInstances} is made of. It lives as long as the instance does. */
public interface BalancedInstance {
    /** The instance, as it is now. */
    ServiceInstance instance();

    /** How busy it is: made by {@link BalancedInstances#load}, and always the same. */
    Load load();

    /** Why it takes no call at this moment, as far as its holder knows; null where it takes one. */
    Exclusion.@Nullable Reason exclusion(long nowNanos);

    /** Whether a call it takes would be a trial: the holder has found it sick and wants to know whether it still is. */
    default boolean onTrial() {
        return false;
    }
}
