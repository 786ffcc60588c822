package dev.treaty.balance;

import dev.treaty.core.call.Exclusion;
import dev.treaty.core.discovery.ServiceInstance;
import org.jspecify.annotations.Nullable;

/** An instance as its client sees it: a member of {@link BalancedInstances}. It lives as long as the instance does. */
public interface BalancedInstance {
    /** The instance in its latest version. */
    ServiceInstance instance();

    /** Its load: created by {@link BalancedInstances#load}, and always the same object. */
    Load load();

    /** Why the instance accepts no call at this moment, as far as this object knows; null if it accepts calls. */
    Exclusion.@Nullable Reason exclusion(long nowNanos);

    /**
     * Returns true if the instance has probably ended, because it refuses connections or its registration is stale. If
     * it is unhealthy too, it gets no calls in a panic, and does not count among the instances that there are, unless
     * all others have ended as well.
     */
    default boolean gone() {
        return false;
    }

    /**
     * Returns true if a call would be a probe: the instance was found unhealthy, and calls test whether it still is.
     */
    default boolean probing() {
        return false;
    }
}
