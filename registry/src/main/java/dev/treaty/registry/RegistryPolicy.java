package dev.treaty.registry;

import java.time.Duration;

/**
 * How a {@link NetworkRegistry} deals with its registry.
 *
 * @param lease how long an instance stays registered after its process has died; it is renewed at a third of that
 * @param patience how long registering, watching, draining and closing wait for the registry before they go on without
 *     it, in the background
 * @param pauseMin the shortest pause before a registry that cannot be reached is tried again
 * @param pauseMax the longest
 * @param grace how long instances that a restarted registry does not know are kept, since they are only just finding
 *     out that they have to register again; not shorter than the lease
 * @param preservation how many of those that have not registered again by then are given up at once
 */
public record RegistryPolicy(
        Duration lease,
        Duration patience,
        Duration pauseMin,
        Duration pauseMax,
        Duration grace,
        SelfPreservationPolicy preservation) {
    /** A crash is seen after ten seconds at most, and an outage is over within two seconds of its end. */
    public static final RegistryPolicy STANDARD = new RegistryPolicy(
            Duration.ofSeconds(10),
            Duration.ofSeconds(1),
            Duration.ofMillis(100),
            Duration.ofSeconds(2),
            Duration.ofSeconds(20),
            SelfPreservationPolicy.STANDARD);

    /** @throws IllegalArgumentException where a duration is not positive or two are the wrong way round */
    public RegistryPolicy {
        if (!lease.isPositive() || !patience.isPositive() || !pauseMin.isPositive()) {
            throw new IllegalArgumentException("lease, patience and pauseMin must be positive");
        }
        if (pauseMin.compareTo(pauseMax) > 0) {
            throw new IllegalArgumentException("pauseMin " + pauseMin + " is over pauseMax " + pauseMax);
        }
        if (grace.compareTo(lease) < 0) {
            throw new IllegalArgumentException(
                    "grace " + grace + " is shorter than the lease " + lease + ": instances would be lost");
        }
    }
}
