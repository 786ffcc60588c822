package dev.treaty.registry;

import java.time.Duration;
import java.util.Optional;

/**
 * When a registry takes out instances that did not leave by themselves, and how many. Where many leases end at once, it
 * is more likely that the network or the registry failed than that all those processes died: most of them stay, marked
 * as stale, until they renew or their turn comes. Instances that stay critical have the same turns: where all feel sick
 * at once, it is more likely something that they share.
 *
 * @param evictionRatioMax the most that may be taken out within a window, of each service and of the registry as a whole, from 0
 *     to 1; one may always be
 * @param evictionWindow how long a window is
 * @param deregisterAfter how long an instance may stay critical before it is listed no more, until it is well again;
 *     however long where it is not set
 */
public record SelfPreservationPolicy(
        double evictionRatioMax, Duration evictionWindow, Optional<Duration> deregisterAfter) {
    /** At most 15 % within a minute; what is critical stays listed, where it can be seen and gets no calls. */
    public static final SelfPreservationPolicy STANDARD =
            new SelfPreservationPolicy(0.15, Duration.ofMinutes(1), Optional.empty());

    /** @throws IllegalArgumentException where the share is no share or a duration not positive */
    public SelfPreservationPolicy {
        if (!(evictionRatioMax >= 0 && evictionRatioMax <= 1)) {
            throw new IllegalArgumentException("a share of " + evictionRatioMax + " is out of range: use 0 to 1");
        }
        if (!evictionWindow.isPositive()) {
            throw new IllegalArgumentException("the window of self-preservation must be positive");
        }
        if (deregisterAfter.filter(after -> !after.isPositive()).isPresent()) {
            throw new IllegalArgumentException("the time that an instance may stay critical must be positive");
        }
    }
}
