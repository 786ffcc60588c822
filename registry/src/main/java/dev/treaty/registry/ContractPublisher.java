package dev.treaty.registry;

import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.contract.ServiceName;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;

/** The contracts that this process wants published, and which of them the registry has. */
final class ContractPublisher {
    private final Upstream upstream;
    private final ReentrantLock lock = new ReentrantLock();
    private final Map<ServiceName, ServiceContract> wished = new LinkedHashMap<>();
    private final Map<ServiceName, ServiceContract> published = new LinkedHashMap<>();

    ContractPublisher(Upstream upstream) {
        this.upstream = upstream;
    }

    /** Wishes a contract to be published; of two of one name the one with the higher version. */
    void wish(ServiceContract contract) {
        int length = contract.text().length();
        if (length > RegistryLimits.CONTRACT_LENGTH_MAX) {
            throw new IllegalArgumentException("the contract of " + contract.name() + " has " + length
                    + " characters: at most " + RegistryLimits.CONTRACT_LENGTH_MAX + " are allowed");
        }
        lock.lock();
        try {
            wished.merge(contract.name(), contract, (a, b) -> a.version().compareTo(b.version()) <= 0 ? b : a);
        } finally {
            lock.unlock();
        }
    }

    /** What this process wants published under that name. */
    Optional<ServiceContract> wished(ServiceName service) {
        lock.lock();
        try {
            return Optional.ofNullable(wished.get(service));
        } finally {
            lock.unlock();
        }
    }

    boolean isEmpty() {
        lock.lock();
        try {
            return wished.isEmpty();
        } finally {
            lock.unlock();
        }
    }

    /** Another start of the registry answers, which may know none of them. */
    void forgotten() {
        lock.lock();
        try {
            published.clear();
        } finally {
            lock.unlock();
        }
    }

    /** Publishes what the registry does not have. */
    void reconcile() throws InterruptedException {
        for (ServiceContract contract : unpublished()) {
            publish(contract);
        }
    }

    private List<ServiceContract> unpublished() {
        lock.lock();
        try {
            return wished.values().stream()
                    .filter(contract -> !contract.equals(published.get(contract.name())))
                    .toList();
        } finally {
            lock.unlock();
        }
    }

    private void publish(ServiceContract contract) throws InterruptedException {
        try {
            upstream.ask(Upstream.REQUEST_NANOS, registry -> {
                registry.publish(contract.text());
                return true;
            });
        } catch (ServiceException e) {
            if (!Upstream.refusal(e.fault())) {
                throw e;
            }
            upstream.refused("the registry " + upstream.address + " refuses the contract of " + contract.name() + ": "
                    + e.fault().message());
        }
        upstream.answered("");
        lock.lock();
        try {
            published.put(contract.name(), contract); // a refused one too: asking again would not help
        } finally {
            lock.unlock();
        }
    }
}
