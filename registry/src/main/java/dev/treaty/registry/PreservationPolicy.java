package dev.treaty.registry;

import java.time.Duration;

/**
 * How many instances may be taken out because their leases ended. Where many leases end at once, it is more likely that
 * the network or the registry failed than that all those processes died: most of them stay, marked as stale, until
 * they renew or their turn comes.
 *
 * @param share the most that may be taken out within a window, of each service and of the registry as a whole, from 0
 *     to 1; one may always be
 * @param window how long a window is
 */
public record PreservationPolicy(double share, Duration window) {
    /** At most 15 % within a minute. */
    public static final PreservationPolicy STANDARD = new PreservationPolicy(0.15, Duration.ofMinutes(1));

    /** @throws IllegalArgumentException where the share is no share or the window not positive */
    public PreservationPolicy {
        if (!(share >= 0 && share <= 1)) {
            throw new IllegalArgumentException("a share of " + share + " is out of range: use 0 to 1");
        }
        if (!window.isPositive()) {
            throw new IllegalArgumentException("the window of self-preservation must be positive");
        }
    }
}
