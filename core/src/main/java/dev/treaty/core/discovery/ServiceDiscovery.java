package dev.treaty.core.discovery;

import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.contract.ServiceName;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/**
 * The part of a registry that clients use: reads and watches instances. While the registry is unreachable, the last
 * known instances are kept, and {@link #problem()} returns why they may be stale.
 */
public interface ServiceDiscovery {
    /** The names of all services that have instances or a published contract. */
    Set<ServiceName> services();

    /** The current instances of a service, in the order of their ids. */
    List<ServiceInstance> instances(ServiceName service);

    /**
     * Reads the instances of a service from the registry, in the order of their ids, without starting a watch and
     * without cached values: for tools that inspect many services once.
     *
     * @throws dev.treaty.core.call.ServiceException if the registry does not respond
     */
    default List<ServiceInstance> lookup(ServiceName service) {
        return lookup(service, EnumSet.allOf(ServiceHealth.Status.class));
    }

    /**
     * Reads those instances of a service whose health has one of these statuses, like {@link #lookup(ServiceName)}.
     *
     * @throws dev.treaty.core.call.ServiceException if the registry does not respond
     */
    List<ServiceInstance> lookup(ServiceName service, Set<ServiceHealth.Status> health);

    /**
     * Reads from the registry when the leases of a service's instances were last renewed.
     *
     * @return the time by instance id; empty if the registry only tells that the lease lives. Instances without a lease
     *     are not in it
     * @throws dev.treaty.core.call.ServiceException if the registry does not respond
     */
    Map<String, Optional<Instant>> renewals(ServiceName service);

    /**
     * Watches a service. The current instances come first, as {@link DiscoveryEvent.Added}, before this method returns
     * if the registry is reachable; then every change, in order, one at a time, without polling.
     *
     * @param on called on this thread for the current instances, and on a thread of the discovery for changes, never
     *     concurrently; it must not block. If it throws, it is still called for the next change
     */
    Subscription watch(ServiceName service, Consumer<DiscoveryEvent> on);

    /** Returns the newest published contract of a service, if known. */
    Optional<ServiceContract> contract(ServiceName service);

    /** Returns the published contracts of a service that the registry stores, the highest version first. */
    default List<ServiceContract> contracts(ServiceName service) {
        return contract(service).stream().toList();
    }

    /** Returns the contract with a {@linkplain ServiceContract#fingerprint() fingerprint}, if known. */
    default Optional<ServiceContract> contract(ServiceName service, String fingerprint) {
        return contracts(service).stream()
                .filter(contract -> contract.fingerprint().equals(fingerprint))
                .findFirst();
    }

    /** Returns why this view may be stale, in one sentence; empty if it is current. */
    default Optional<String> problem() {
        return Optional.empty();
    }

    /** Returns why the view of a service may be stale, in one sentence; empty if it is current. */
    default Optional<String> problem(ServiceName service) {
        return problem();
    }

    /** Returns since when this view may be stale because the registry is unreachable; empty if it is reachable. */
    default Optional<Instant> staleSince() {
        return Optional.empty();
    }
}
