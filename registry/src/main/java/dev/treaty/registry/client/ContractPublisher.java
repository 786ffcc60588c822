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
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The contracts that this process wants published; its {@link LeaseKeeper} asks the registry for them. What a registry
 * has taken once it takes again after it lost its memory, whatever it remembers then.
 */
final class ContractPublisher {
    /** The most contracts that a process may publish. */
    static final int PUBLICATIONS_MAX = 1_024;

    private record Key(ServiceName service, Version version) {}

    /** Guarded by the lock, but for what is final. */
    private static final class Publication {
        final Key key;
        final ServiceContract contract;
        final Promise<Boolean> settled = new Promise<>();
        boolean force;
        boolean waiting = true; // publish() has not returned yet
        boolean acknowledged;

        @Nullable
        Fault refused;

        @Nullable
        Fault told; // the refusal that was last made known

        Publication(ServiceContract contract, boolean force) {
            this.key = new Key(contract.name(), contract.version());
            this.contract = contract;
            this.force = force;
        }
    }

    private final RegistryConnection upstream;
    private final ReentrantLock lock = new ReentrantLock();

    /** In the order in which they are asked for; of one version the last, and those that somebody waits for. */
    private final List<Publication> wished = new ArrayList<>();

    ContractPublisher(RegistryConnection upstream) {
        this.upstream = upstream;
    }

    /**
     * Publishes a contract; returns when the registry has taken it, or when the policy's patience is over.
     *
     * @param wake makes the keeper look
     */
    void publish(ServiceContract contract, boolean force, Runnable wake) {
        int length = contract.text().length();
        if (length > RegistryLimits.CONTRACT_LENGTH_MAX) {
            throw new IllegalArgumentException("the contract of " + contract.name() + " has " + length
                    + " characters: at most " + RegistryLimits.CONTRACT_LENGTH_MAX + " are allowed");
        }
        var publication = new Publication(contract, force);
        lock.lock();
        try {
            wished.removeIf(before -> before.key.equals(publication.key) && !before.waiting);
            if (wished.size() >= PUBLICATIONS_MAX) {
                throw new IllegalStateException("this process publishes " + PUBLICATIONS_MAX + " contracts already");
            }
            wished.add(publication);
        } finally {
            lock.unlock();
        }
        wake.run();
        try {
            publication.settled.await(upstream.time, upstream.policy.patience().toNanos());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        lock.lock();
        try {
            publication.waiting = false;
            if (overtaken(publication)) {
                wished.remove(publication);
            }
            Fault refused = publication.refused;
            if (refused != null && refused.code() != Code.RESOURCE_EXHAUSTED) {
                wished.remove(publication);
                throw refused.code() == Code.FAILED_PRECONDITION
                        ? new IncompatibleContractException(refusal(refused))
                        : new IllegalArgumentException(refusal(refused));
            }
        } finally {
            lock.unlock();
        }
    }

    private boolean overtaken(Publication publication) {
        return wished.stream()
                .skip(wished.indexOf(publication) + 1L)
                .anyMatch(later -> later.key.equals(publication.key));
    }

    private String refusal(Fault fault) {
        return "the registry " + upstream.address + " refuses a contract: " + fault.message();
    }

    /** Asks the registry for what it has not acknowledged. */
    void reconcile() throws InterruptedException {
        for (Publication publication : open()) {
            Fault refused = null;
            try {
                upstream.ask(RegistryConnection.REQUEST_NANOS, registry -> {
                    registry.publish(publication.contract.text(), publication.force);
                    return true;
                });
            } catch (ServiceException e) {
                if (!RegistryConnection.refusal(e.fault())) {
                    throw e;
                }
                refused = e.fault();
            }
            upstream.answered(RegistryConnection.Asker.KEEPER, "");
            answered(publication, refused);
        }
    }

    private List<Publication> open() {
        lock.lock();
        try {
            return wished.stream()
                    .filter(publication -> !publication.acknowledged && publication.refused == null)
                    .toList();
        } finally {
            lock.unlock();
        }
    }

    private void answered(Publication publication, @Nullable Fault refused) {
        boolean tell;
        lock.lock();
        try {
            publication.acknowledged = refused == null;
            publication.force |= refused == null;
            publication.refused = refused;
            tell = refused != null && !publication.waiting && !refused.equals(publication.told);
            if (tell || refused == null) {
                publication.told = refused;
            }
        } finally {
            lock.unlock();
        }
        publication.settled.complete(true);
        if (tell && refused != null) {
            upstream.refused(refusal(refused));
        }
    }

    /** The registry has lost its memory. */
    void forgotten() {
        lock.lock();
        try {
            wished.forEach(publication -> publication.acknowledged = false);
        } finally {
            lock.unlock();
        }
    }

    /** A refusal may be over by now. */
    void retry() {
        lock.lock();
        try {
            wished.forEach(publication -> publication.refused = null);
        } finally {
            lock.unlock();
        }
    }

    /** Nobody will ask any more. */
    void end() {
        lock.lock();
        try {
            wished.forEach(publication -> publication.settled.complete(true));
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

    /** The contract of the highest version that this process published under that name itself. */
    Optional<ServiceContract> newest(ServiceName service) {
        lock.lock();
        try {
            return wished.stream()
                    .map(publication -> publication.contract)
                    .filter(contract -> contract.name().equals(service))
                    .max(Comparator.comparing(ServiceContract::version));
        } finally {
            lock.unlock();
        }
    }

    /** What the registry refuses to take, in one sentence. */
    Optional<String> problem() {
        lock.lock();
        try {
            return wished.stream()
                    .flatMap(publication -> Optional.ofNullable(publication.refused).stream())
                    .findFirst()
                    .map(this::refusal);
        } finally {
            lock.unlock();
        }
    }
}
