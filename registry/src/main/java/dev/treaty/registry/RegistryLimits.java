package dev.treaty.registry;

import dev.treaty.registry.changes.ChangeLog;
import java.time.Duration;

/**
 * How much a registry keeps. Requests over a limit are refused with a message that names the limit.
 *
 * @param instances the most instances of all services together
 * @param services the most services that have instances
 * @param contracts the most services with published contracts
 * @param watches the most watches that may wait at the same time
 * @param log the number of changes that a watcher may fall behind before it gets all instances again
 * @param leaseMin the shortest lease; a request for a shorter one gets this
 * @param leaseMax the longest lease; a request for a longer one gets this
 * @param memory the most bytes of heap for what clients put in: instances take at most a half of it, contracts a
 *     quarter, waiting watches a quarter, and changes that wait for the disk an eighth
 */
public record RegistryLimits(
        int instances,
        int services,
        int contracts,
        int watches,
        int log,
        Duration leaseMin,
        Duration leaseMax,
        long memory) {
    /** For a large system on a small heap, of which it takes at most a half. */
    public static final RegistryLimits STANDARD = new RegistryLimits(
            200_000,
            10_000,
            2_000,
            10_000,
            ChangeLog.LENGTH_MAX,
            Duration.ofSeconds(1),
            Duration.ofMinutes(10),
            Runtime.getRuntime().maxMemory() / 2);

    /** The shortest lease token, in characters: others must not be able to guess it. */
    public static final int TOKEN_LENGTH_MIN = 8;

    /** The longest lease token and watcher name, in characters. */
    public static final int TOKEN_LENGTH_MAX = 256;

    /** The longest text of a contract, in characters. */
    public static final int CONTRACT_LENGTH_MAX = 262_144;

    /** The most leases in one renewal, and the most services in one watch. */
    public static final int BATCH_MAX = 1_024;

    /** @throws IllegalArgumentException if a limit is not positive, or leaseMin is longer than leaseMax */
    public RegistryLimits {
        if (instances < 1 || services < 1 || contracts < 1 || watches < 1 || log < 1 || memory < 8) {
            throw new IllegalArgumentException("a registry's limits are 1 or more");
        }
        if (!leaseMin.isPositive() || leaseMin.compareTo(leaseMax) > 0) {
            throw new IllegalArgumentException("the shortest lease " + leaseMin
                    + " must be positive and not longer than the longest, " + leaseMax);
        }
    }

    /** Returns the same limits with another one for instances. */
    public RegistryLimits withInstances(int most) {
        return new RegistryLimits(most, services, contracts, watches, log, leaseMin, leaseMax, memory);
    }

    /** Returns the lease that is granted to a request. */
    public Duration lease(Duration requested) {
        return requested.compareTo(leaseMin) < 0 ? leaseMin : requested.compareTo(leaseMax) > 0 ? leaseMax : requested;
    }
}
