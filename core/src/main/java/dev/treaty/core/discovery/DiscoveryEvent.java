package dev.treaty.core.discovery;

import java.time.Instant;

/** A change in the set of instances of a service. */
public sealed interface DiscoveryEvent {
    /** The instance, as it is now or as it was last. */
    ServiceInstance instance();

    /** When the change was observed. */
    Instant timestamp();

    /** An instance was added. */
    record Added(ServiceInstance instance, Instant timestamp) implements DiscoveryEvent {}

    /** An instance changed, for example its health. */
    record Updated(ServiceInstance instance, ServiceInstance before, Instant timestamp) implements DiscoveryEvent {}

    /**
     * An instance was removed.
     *
     * @param reason why, in a few words: {@code closed}, {@code lease expired}
     */
    record Removed(ServiceInstance instance, String reason, Instant timestamp) implements DiscoveryEvent {}
}
