package dev.treaty.registry.server;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.IncompatibleContractException;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.registry.RegistryLimits;
import dev.treaty.registry.spi.ContractHistory;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.locks.ReentrantLock;

/** The published contracts of all services. Comparing them takes its time, so it is done without the lock. */
final class PublishedContracts {
    private final RegistryLimits limits;
    private final ReentrantLock lock = new ReentrantLock();
    private final TreeMap<ServiceName, ContractHistory> histories = new TreeMap<>();
    private long length;

    PublishedContracts(RegistryLimits limits) {
        this.limits = limits;
    }

    /** @param live the fingerprints of the contracts that running instances of the service keep */
    void publish(ServiceContract contract, Set<String> live, boolean force) {
        ContractHistory before;
        ContractHistory after;
        do {
            before = history(contract.name());
            try {
                after = before.publish(contract, live, force);
            } catch (IncompatibleContractException e) {
                throw new ServiceException(Code.FAILED_PRECONDITION, String.valueOf(e.getMessage()));
            }
        } while (!replace(contract.name(), before, after));
    }

    @SuppressWarnings("ReferenceEquality") // a history never changes; another one is another object
    private boolean replace(ServiceName service, ContractHistory before, ContractHistory after) {
        lock.lock();
        try {
            ContractHistory now = histories.get(service);
            if ((now == null ? ContractHistory.EMPTY : now) != before) {
                return false;
            }
            if (now == null && histories.size() >= limits.contracts()) {
                throw new ServiceException(
                        Code.RESOURCE_EXHAUSTED,
                        "the registry holds the contracts of " + limits.contracts() + " services, which is its limit");
            }
            long grown = length - before.length() + after.length();
            if (grown > length && grown > RegistryLimits.CATALOGUE_LENGTH_MAX) {
                throw new ServiceException(
                        Code.RESOURCE_EXHAUSTED,
                        "the registry holds contracts of " + length + " characters: at most "
                                + RegistryLimits.CATALOGUE_LENGTH_MAX + " are allowed");
            }
            length = grown;
            histories.put(service, after);
            return true;
        } finally {
            lock.unlock();
        }
    }

    ContractHistory history(ServiceName service) {
        lock.lock();
        try {
            return histories.getOrDefault(service, ContractHistory.EMPTY);
        } finally {
            lock.unlock();
        }
    }

    Set<ServiceName> services() {
        lock.lock();
        try {
            return new TreeSet<>(histories.keySet());
        } finally {
            lock.unlock();
        }
    }
}
