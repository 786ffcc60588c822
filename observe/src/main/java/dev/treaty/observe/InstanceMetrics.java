package dev.treaty.observe;

/**
 * The metrics of the attempts at one instance, as this process observed them.
 *
 * @param instance its id
 * @param health the last {@link dev.treaty.core.discovery.ServiceHealth.Status} from discovery, in lower case; empty if
 *     unknown
 * @param breaker the current state of its circuit breaker; empty if the state never changed
 * @param minute the last minute
 * @param total the time since the instance was first seen
 */
public record InstanceMetrics(
        String instance, String health, String breaker, CallStatistics minute, CallStatistics total) {}
