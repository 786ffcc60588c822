package dev.treaty.registry;

import java.time.Duration;

/**
 * The times of a {@link NetworkRegistry}: how long leases last, how long it waits, and when it tries again.
 *
 * @param lease how long an instance stays registered after its process has stopped; renewed after a third of that
 * @param patience how long registering, watching, draining and closing wait for the registry before they continue in
 *     the background
 * @param pauseMin the shortest pause between two attempts to reach the registry
 * @param pauseMax the longest pause
 * @param grace how long instances that a restarted registry does not list are kept, since they have to register again
 *     first; not shorter than the lease
 * @param preservation how many of those instances are removed at once after that
 * @param confidential whether instances may be registered: their lease tokens are sent over an encrypted connection, or
 *     do not leave the machine. Others could take an instance over if they read its token
 */
public record RegistryPolicy(
        Duration lease,
        Duration patience,
        Duration pauseMin,
        Duration pauseMax,
        Duration grace,
        SelfPreservationPolicy preservation,
        boolean confidential) {
    /** Removes crashed instances after ten seconds, and reconnects within two seconds after an outage. */
    public static final RegistryPolicy STANDARD = new RegistryPolicy(
            Duration.ofSeconds(10),
            Duration.ofSeconds(1),
            Duration.ofMillis(100),
            Duration.ofSeconds(2),
            Duration.ofSeconds(20),
            SelfPreservationPolicy.STANDARD);

    /** A policy for a confidential connection. */
    public RegistryPolicy(
            Duration lease,
            Duration patience,
            Duration pauseMin,
            Duration pauseMax,
            Duration grace,
            SelfPreservationPolicy preservation) {
        this(lease, patience, pauseMin, pauseMax, grace, preservation, true);
    }

    /** @throws IllegalArgumentException if a duration is not positive or contradicts another one */
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

    /** Returns the same policy with another limit of what is removed at once. */
    public RegistryPolicy with(SelfPreservationPolicy changed) {
        return new RegistryPolicy(lease, patience, pauseMin, pauseMax, grace, changed, confidential);
    }

    /** Returns the same policy for a connection that is confidential or not. */
    public RegistryPolicy confidential(boolean confidentialConnection) {
        return new RegistryPolicy(lease, patience, pauseMin, pauseMax, grace, preservation, confidentialConnection);
    }
}
