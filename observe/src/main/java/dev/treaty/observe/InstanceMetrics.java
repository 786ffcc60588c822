package dev.treaty.observe;

/**
 * How the attempts at one instance went, as this process saw them.
 *
 * @param instance its id
 * @param health the {@link dev.treaty.core.discovery.ServiceHealth.Status} that discovery told last, in small letters;
 *     empty where it told none
 * @param breaker the state that its circuit breaker went to last; empty where it never left the first
 * @param minute over the last minute
 * @param total since the instance was first seen
 */
public record InstanceMetrics(
        String instance, String health, String breaker, CallStatistics minute, CallStatistics total) {}
