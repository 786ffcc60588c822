package dev.treaty.core.discovery;

import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.contract.ServiceName;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/**
 * How clients read what is registered. A view never goes empty because the registry cannot be reached: the last good
 * list is kept, and {@link #problem()} says why it may be old.
 */
public interface ServiceDiscovery {
    /** The names of all services that have instances or a published contract. */
    Set<ServiceName> services();

    /** The instances of a service now, in the order of their ids; empty where there are none. */
    List<ServiceInstance> instances(ServiceName service);

    /**
     * The instances of a service as the registry has them now, in the order of their ids, asked for once: for tools,
     * which look at many services and have to know. Nothing is followed for it, and what was known before does not
     * stand in for an answer.
     *
     * @throws dev.treaty.core.call.ServiceException where the registry does not answer
     */
    default List<ServiceInstance> lookup(ServiceName service) {
        return instances(service);
    }

    /**
     * Follows a service. The current instances come first, as {@link DiscoveryEvent.Added}, before this method
     * returns where the registry can be reached; then every change, in order, one at a time, without polling.
     *
     * @param on called for the current instances on this thread, and for changes on one of the discovery's, never at a
     *     time; it is quick and does not wait. One that throws is called again for the next change
     */
    Subscription watch(ServiceName service, Consumer<DiscoveryEvent> on);

    /** The newest contract published under that name, as data; nothing where none is known. */
    Optional<ServiceContract> contract(ServiceName service);

    /** The contracts published under that name that are remembered, the highest version first. */
    default List<ServiceContract> contracts(ServiceName service) {
        return contract(service).stream().toList();
    }

    /** The contract of that name and {@linkplain ServiceContract#fingerprint() fingerprint}, where it is known. */
    default Optional<ServiceContract> contract(ServiceName service, String fingerprint) {
        return contracts(service).stream()
                .filter(contract -> contract.fingerprint().equals(fingerprint))
                .findFirst();
    }

    /** What keeps this view from being current, in one sentence; nothing where all is well. */
    default Optional<String> problem() {
        return Optional.empty();
    }

    /** What keeps the view of that service from being current, in one sentence; nothing where all is well with it. */
    default Optional<String> problem(ServiceName service) {
        return problem();
    }

    /** Since when what is read here may be old, because the registry cannot be reached; nothing where it can. */
    default Optional<Instant> staleSince() {
        return Optional.empty();
    }
}
