package dev.treaty.config;

import dev.treaty.core.contract.Description;
import dev.treaty.core.text.Accepted;
import dev.treaty.core.text.Range;
import dev.treaty.registry.SelfPreservationPolicy;
import java.time.Duration;
import java.util.Optional;

/**
 * The settings of a registry that this process serves: state on disk, limits, self-preservation.
 *
 * @param data the directory that stores its state; empty to keep it in memory
 * @param evictionRatioMax the largest share of instances that is removed within a window because their leases expired,
 *     of each service and of all, from 0 to 1
 * @param evictionWindow the length of the window
 * @param deregisterAfter how long an instance may stay critical before it is delisted; empty for ever
 * @param instancesMax the largest number of instances
 */
public record RegistryServerSettings(
        @Description(
                "The directory in which the state of a served registry survives a restart; `none` for memory alone.")
        @Accepted(pattern = "\\s*\\S[\\s\\S]*", value = "a directory, of its own")
        Optional<String> data,

        @Description(
                "The largest share of instances removed within `eviction-window` because their leases ended, of each"
                        + " service and of all; one always may be.")
        @Accepted(min = "0", max = "1")
        double evictionRatioMax,

        @Description("The period of `eviction-ratio-max`.") @Accepted(min = "1s", max = "1d")
        Duration evictionWindow,

        @Description(
                "How long an instance may stay critical before it is delisted until it is healthy; `none` for ever.")
        @Accepted(min = "1s", max = "7d")
        Optional<Duration> deregisterAfter,

        @Description("The most instances that it holds.") @Accepted(min = "1", max = "10000000")
        int instancesMax) {

    /** In memory; at most 15 % of instances are evicted in a minute; critical ones stay listed; 200,000 instances. */
    public static final RegistryServerSettings DEFAULT = new RegistryServerSettings(
            Optional.empty(),
            SelfPreservationPolicy.STANDARD.evictionRatioMax(),
            SelfPreservationPolicy.STANDARD.evictionWindow(),
            SelfPreservationPolicy.STANDARD.deregisterAfter(),
            200_000);

    /** @throws IllegalArgumentException if a value is out of range */
    public RegistryServerSettings {
        data.ifPresent(directory -> SettingChecks.notBlank("data", directory));
        Range.check("eviction-ratio-max", evictionRatioMax, 0.0, 1.0);
        Range.check("eviction-window", evictionWindow, Duration.ofSeconds(1), Duration.ofDays(1));
        deregisterAfter.ifPresent(
                after -> Range.check("deregister-after", after, Duration.ofSeconds(1), Duration.ofDays(7)));
        Range.check("instances-max", instancesMax, 1, 10_000_000);
    }

    /** Returns the same settings with another directory. */
    public RegistryServerSettings withData(Optional<String> directory) {
        return new RegistryServerSettings(directory, evictionRatioMax, evictionWindow, deregisterAfter, instancesMax);
    }

    /** Returns the policy by which instances are evicted. */
    public SelfPreservationPolicy preservation() {
        return new SelfPreservationPolicy(evictionRatioMax, evictionWindow, deregisterAfter);
    }
}
