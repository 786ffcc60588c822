package dev.treaty.core.discovery;

import java.time.Instant;

/** The set of instances of a service changed. */
public sealed interface DiscoveryEvent {
    /** The instance it is about, as it is now, or as it was last. */
    ServiceInstance instance();

    /** When the change was seen. */
    Instant timestamp();

    /** An instance is there that was not. */
    record Added(ServiceInstance instance, Instant timestamp) implements DiscoveryEvent {}

    /** Something about an instance is different: its health, for example. */
    record Updated(ServiceInstance instance, ServiceInstance before, Instant timestamp) implements DiscoveryEvent {}

    /**
     * An instance is gone.
     *
     * @param reason why, in a few words: {@code closed}, {@code lease expired}
     */
    record Removed(ServiceInstance instance, String reason, Instant timestamp) implements DiscoveryEvent {}
}
