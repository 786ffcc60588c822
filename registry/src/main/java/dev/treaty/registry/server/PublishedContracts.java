package dev.treaty.registry.server;

import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import dev.treaty.registry.RegistryLimits;
import dev.treaty.registry.spi.ContractHistory;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** The published contracts of all services. Comparing contracts takes time and happens outside the monitor. */
final class PublishedContracts {
    private final RegistryLimits limits;
    private final TreeMap<ServiceName, ContractHistory> histories = new TreeMap<>();
    private final MemoryBudget memory;

    /** Who has published the first contract of a service since the registry started. */
    private final Map<ServiceName, String> publishers = new HashMap<>();

    PublishedContracts(RegistryLimits limits) {
        this.limits = limits;
        this.memory = new MemoryBudget("contracts", limits.memory() / 4);
    }

    /** @param live fingerprints of the contracts of running instances of the service */
    void publish(ServiceContract contract, Set<String> live, boolean force, Registrant registrant) {
        ContractHistory before;
        ContractHistory after;
        do {
            before = history(contract.name());
            after = Requests.publish(before, contract, live, force);
        } while (!replace(contract.name(), before, after, registrant));
    }

    /** @param running versions of the registered instances of the service */
    synchronized void withdraw(ServiceName service, Version version, Collection<Version> running) {
        ContractHistory before = history(service);
        ContractHistory after = before.withdraw(service, version, running);
        memory.replace(before.bytes(), after.bytes());
        if (after.versions().isEmpty()) {
            histories.remove(service);
            publishers.remove(service);
        } else {
            histories.put(service, after);
        }
    }

    @SuppressWarnings("ReferenceEquality") // a history is immutable: a changed one is another object
    private synchronized boolean replace(
            ServiceName service, ContractHistory before, ContractHistory after, Registrant registrant) {
        if (history(service) != before) {
            return false;
        }
        if (!histories.containsKey(service) && histories.size() >= limits.contracts()) {
            throw Requests.limitReached(
                    "the registry holds the contracts of " + limits.contracts() + " services, which is its limit");
        }
        if (!histories.containsKey(service) && registrant.checked()) {
            checkQuota(registrant);
            publishers.put(service, registrant.identity());
        }
        memory.replace(before.bytes(), after.bytes());
        histories.put(service, after);
        return true;
    }

    private void checkQuota(Registrant registrant) {
        int most = registrant.quotas().contracts();
        long published = publishers.values().stream()
                .filter(registrant.identity()::equals)
                .count();
        if (published >= most) {
            throw Requests.limitReached(
                    "one identity may publish contracts of " + most + " services, and this one has published as many");
        }
    }

    synchronized ContractHistory history(ServiceName service) {
        return histories.getOrDefault(service, ContractHistory.EMPTY);
    }

    synchronized Set<ServiceName> services() {
        return new TreeSet<>(histories.keySet());
    }
}
