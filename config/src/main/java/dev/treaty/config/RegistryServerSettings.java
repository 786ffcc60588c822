package dev.treaty.config;

import dev.treaty.registry.SelfPreservationPolicy;
import java.time.Duration;
import java.util.Optional;

/**
 * How a registry is kept that this process serves.
 *
 * @param data the directory where its state outlives the process; nowhere where it is not set
 * @param evictionRatioMax the most instances that are taken out at once because their leases ended, of each service and of
 *     all, from 0 to 1
 * @param evictionWindow what at once means
 * @param deregisterAfter how long an instance may stay critical before it is listed no more; however long where it is
 *     not set
 * @param instancesMax the most instances that it holds
 */
public record RegistryServerSettings(
        Optional<String> data,
        double evictionRatioMax,
        Duration evictionWindow,
        Optional<Duration> deregisterAfter,
        int instancesMax) {

    /** In memory, at most 15 % within a minute, what is critical stays listed, 200,000 instances. */
    public static final RegistryServerSettings DEFAULT = new RegistryServerSettings(
            Optional.empty(),
            SelfPreservationPolicy.STANDARD.evictionRatioMax(),
            SelfPreservationPolicy.STANDARD.evictionWindow(),
            SelfPreservationPolicy.STANDARD.deregisterAfter(),
            200_000);

    /** @throws IllegalArgumentException where a value is out of range; the message says which, and what is accepted */
    public RegistryServerSettings {
        data.ifPresent(directory -> SettingChecks.filled("data", directory));
        if (!(evictionRatioMax >= 0 && evictionRatioMax <= 1)) {
            throw new IllegalArgumentException(
                    "eviction-ratio-max is " + evictionRatioMax + ": use 0 to 1, or 0% to 100%");
        }
        SettingChecks.within("eviction-window", evictionWindow, Duration.ofSeconds(1), Duration.ofDays(1));
        deregisterAfter.ifPresent(
                after -> SettingChecks.within("deregister-after", after, Duration.ofSeconds(1), Duration.ofDays(7)));
        SettingChecks.within("instances-max", instancesMax, 1, 10_000_000);
    }

    /** The same settings with their state in another directory. */
    public RegistryServerSettings withData(Optional<String> directory) {
        return new RegistryServerSettings(directory, evictionRatioMax, evictionWindow, deregisterAfter, instancesMax);
    }

    /** When instances are taken out that did not leave, and how many at once. */
    public SelfPreservationPolicy preservation() {
        return new SelfPreservationPolicy(evictionRatioMax, evictionWindow, deregisterAfter);
    }
}
