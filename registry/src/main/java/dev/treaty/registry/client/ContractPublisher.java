package dev.treaty.registry.client;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.IncompatibleContractException;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import dev.treaty.core.time.Promise;
import dev.treaty.registry.RegistryLimits;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the contracts of this process published; its {@link LeaseKeeper} sends the requests. A contract that a registry
 * has accepted once is forced when the registry has lost its state, whatever that contains then.
 */
final class ContractPublisher {
    /** The most contracts that a process may publish. */
    static final int PUBLICATIONS_MAX = 1_024;

    private record Key(ServiceName service, Version version) {}

    /** A contract and the registry's answer; guarded by the publisher's monitor except for what is final. */
    private static final class Publication {
        final Key key;
        final ServiceContract contract;
        final Promise<Boolean> settled = new Promise<>();
        boolean force;
        boolean publishing = true; // publish() has not returned yet
        boolean acknowledged;

        @Nullable
        Fault refused;

        @Nullable
        Fault reported; // the refusal that was last emitted

        Publication(ServiceContract contract, boolean force) {
            this.key = new Key(contract.name(), contract.version());
            this.contract = contract;
            this.force = force;
        }
    }

    private final RegistryConnection connection;

    /** In the order of publishing; of each version the last one, and those whose publish() has not returned. */
    private final List<Publication> publications = new ArrayList<>();

    ContractPublisher(RegistryConnection connection) {
        this.connection = connection;
    }

    /**
     * Publishes a contract; returns when the registry has answered, or after the patience of the policy.
     *
     * @param wake wakes the keeper
     */
    void publish(ServiceContract contract, boolean force, Runnable wake) {
        int length = contract.text().length();
        if (length > RegistryLimits.CONTRACT_LENGTH_MAX) {
            throw new IllegalArgumentException("the contract of " + contract.name() + " has " + length
                    + " characters: at most " + RegistryLimits.CONTRACT_LENGTH_MAX + " are allowed");
        }
        var publication = new Publication(contract, force);
        add(publication);
        wake.run();
        connection.await(publication.settled);
        Fault refused = endPublishing(publication);
        if (refused != null) {
            throw refused.code() == Code.FAILED_PRECONDITION
                    ? new IncompatibleContractException(refusal(refused))
                    : new IllegalArgumentException(refusal(refused));
        }
    }

    synchronized void withdraw(ServiceName service, Version version) {
        publications.removeIf(publication -> publication.key.equals(new Key(service, version)));
    }

    private synchronized void add(Publication publication) {
        publications.removeIf(before -> before.key.equals(publication.key) && !before.publishing);
        if (publications.size() >= PUBLICATIONS_MAX) {
            throw new IllegalStateException("this process publishes " + PUBLICATIONS_MAX + " contracts already");
        }
        publications.add(publication);
    }

    /** Returns a refusal that is permanent, or null. */
    private synchronized @Nullable Fault endPublishing(Publication publication) {
        publication.publishing = false;
        boolean replaced = publications.stream()
                .skip(publications.indexOf(publication) + 1L)
                .anyMatch(later -> later.key.equals(publication.key));
        Fault refused = publication.refused;
        boolean permanent = refused != null && refused.code() != Code.RESOURCE_EXHAUSTED;
        if (replaced || permanent) {
            publications.remove(publication);
        }
        return permanent ? refused : null;
    }

    private String refusal(Fault fault) {
        return "the registry " + connection.address + " refuses a contract: " + fault.message();
    }

    /** Publishes the contracts that the registry has not answered. */
    void reconcile() throws InterruptedException {
        for (Publication publication : unanswered()) {
            Fault refused = null;
            try {
                connection.call(registry -> {
                    registry.publish(publication.contract.text(), publication.force);
                    return true;
                });
            } catch (ServiceException e) {
                if (!RegistryConnection.isRefusal(e.fault())) {
                    throw e;
                }
                refused = e.fault();
            }
            connection.answered(RegistryConnection.Requester.LEASE_KEEPER, "");
            boolean emit = answered(publication, refused);
            publication.settled.complete(true);
            if (emit && refused != null) {
                connection.refused(refusal(refused));
            }
        }
    }

    private synchronized List<Publication> unanswered() {
        return publications.stream()
                .filter(publication -> !publication.acknowledged && publication.refused == null)
                .toList();
    }

    /** Records an answer; returns whether to emit a refusal. */
    private synchronized boolean answered(Publication publication, @Nullable Fault refused) {
        publication.acknowledged = refused == null;
        publication.force |= refused == null;
        publication.refused = refused;
        boolean emit = refused != null && !publication.publishing && !refused.equals(publication.reported);
        if (emit || refused == null) {
            publication.reported = refused;
        }
        return emit;
    }

    /** The registry may have lost its contracts. */
    synchronized void lost() {
        publications.forEach(publication -> publication.acknowledged = false);
    }

    /** Forgets refusals, whose causes may be gone by now. */
    synchronized void retry() {
        publications.forEach(publication -> publication.refused = null);
    }

    /** No more requests will be sent. */
    synchronized void end() {
        publications.forEach(publication -> publication.settled.complete(true));
    }

    synchronized boolean isEmpty() {
        return publications.isEmpty();
    }

    /** Returns the contract with the highest version that this process has published for a service. */
    synchronized Optional<ServiceContract> newest(ServiceName service) {
        return publications.stream()
                .map(publication -> publication.contract)
                .filter(contract -> contract.name().equals(service))
                .max(Comparator.comparing(ServiceContract::version));
    }

    /** Returns why the registry refuses a contract, in one sentence. */
    synchronized Optional<String> problem() {
        return publications.stream()
                .flatMap(publication -> Optional.ofNullable(publication.refused).stream())
                .findFirst()
                .map(this::refusal);
    }
}
