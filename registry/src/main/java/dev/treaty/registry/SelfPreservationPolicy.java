package dev.treaty.registry;

import java.time.Duration;
import java.util.Optional;

/**
 * The limits of self-preservation: how many instances a registry may remove at once because their leases expired. If
 * many leases expire at once, a failure of the network or the registry is more likely than the end of all those
 * processes: most instances stay listed, marked as stale, until they renew or may be removed. The same limit holds for
 * instances that stay critical: if all are critical at once, the cause is probably shared.
 *
 * @param evictionRatioMax the largest ratio of instances that may be removed within a window, of each service and of
 *     the whole registry, from 0 to 1; one instance may always be removed
 * @param evictionWindow length of a window
 * @param deregisterAfter how long an instance may stay critical before it is delisted until it recovers; without limit
 *     if empty
 */
public record SelfPreservationPolicy(
        double evictionRatioMax, Duration evictionWindow, Optional<Duration> deregisterAfter) {
    /** At most 15 % within a minute; critical instances stay listed, where they are visible and get no calls. */
    public static final SelfPreservationPolicy STANDARD =
            new SelfPreservationPolicy(0.15, Duration.ofMinutes(1), Optional.empty());

    /** @throws IllegalArgumentException if the ratio is out of range or a duration is not positive */
    public SelfPreservationPolicy {
        if (!(evictionRatioMax >= 0 && evictionRatioMax <= 1)) {
            throw new IllegalArgumentException("evictionRatioMax " + evictionRatioMax + " is out of range: use 0 to 1");
        }
        if (!evictionWindow.isPositive()
                || deregisterAfter.filter(after -> !after.isPositive()).isPresent()) {
            throw new IllegalArgumentException("evictionWindow and deregisterAfter must be positive");
        }
    }
}
