package dev.treaty.registry.spi;

import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import dev.treaty.registry.NetworkRegistry;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A distributed store that registries are kept in: what has to be written for one, and all that has to be. {@link
 * NetworkRegistry#over} makes a registry of it, with everything that all registries have in common: leases that are
 * renewed, differences that are reconciled, views that outlive an outage, watchers.
 *
 * <p>What is held belongs to one lease of this client, which ends by itself when it is not renewed. Every method but
 * {@link #follow} and {@link #close} asks the store and waits for its answer, {@value #PATIENCE_MILLIS} milliseconds at
 * most; where none comes, or the store refuses, it throws {@link dev.treaty.core.call.ServiceException}.
 */
public interface Backend extends AutoCloseable {
    /** The longest that one question to the store may take. */
    long PATIENCE_MILLIS = 2_000;

    /**
     * An instance as it is held.
     *
     * @param owner tells those who hold it from all others; no secret
     * @param value what followers are to read
     */
    record Holding(String id, ServiceName service, String owner, String value) {
        /** The same, saying something else. */
        public Holding withValue(String changed) {
            return new Holding(id, service, owner, changed);
        }
    }

    /** Somebody else who holds an id. */
    record Holder(ServiceName service, String owner) {}

    /** Where changes of a service go. Calls come one at a time. */
    interface Follower {
        /**
         * The whole set, by id: first of all, and whenever changes may have been missed.
         *
         * @param instances what is held
         * @throws dev.treaty.core.call.ServiceException where it cannot be taken in now: {@link #failed} it, and tell
         *     it again
         */
        void complete(Map<String, String> instances);

        /** An instance is new or different. */
        void changed(String id, String value);

        /** An instance is gone. */
        void removed(String id, String reason);

        /** Changes cannot be seen at present; {@link #complete} follows when they can again. */
        void failed(String why);
    }

    /** A service that is followed, until it is closed. */
    interface Following extends AutoCloseable {
        @Override
        void close();
    }

    /**
     * The mark that tells this store from one that began anew, empty.
     *
     * @param candidate is stored as the mark where there is none yet
     */
    String epoch(String candidate) throws InterruptedException;

    /**
     * Holds an instance under this client's lease; one of the same id, service and owner is replaced.
     *
     * @return who holds the id instead
     */
    Optional<Holder> hold(Holding holding) throws InterruptedException;

    /** How long the lease is, as the store has granted it. */
    long leaseMillis();

    /**
     * Replaces the value of what is held already.
     *
     * @return false where it is not held any more
     */
    boolean replace(Holding holding) throws InterruptedException;

    /**
     * Lets the lease begin anew.
     *
     * @return those of them that are not held any more
     */
    Set<String> renew(Collection<Holding> holdings) throws InterruptedException;

    /** Holds it no longer, and tells followers why; nothing to do where it is not held. */
    void release(Holding holding, String reason) throws InterruptedException;

    /** Stores the text of a contract until it is forgotten. */
    void store(ServiceName service, Version version, String contract) throws InterruptedException;

    /** Stores no contract of that version any longer; nothing to do where none is stored. */
    void forget(ServiceName service, Version version) throws InterruptedException;

    /** The texts of all stored contracts of that name, in the order in which they were stored last. */
    List<String> contracts(ServiceName service) throws InterruptedException;

    /** The names that have instances or contracts. */
    Set<ServiceName> services() throws InterruptedException;

    /** What is held of a service. */
    List<String> instances(ServiceName service) throws InterruptedException;

    /** Tells of every change of a service, in the background. */
    Following follow(ServiceName service, Follower follower);

    /**
     * Whether instances may be gone because a lease ended, so that many at once are more likely a fault of the network
     * than the truth.
     */
    default boolean expires() {
        return true;
    }

    /** Gives the lease up and all connections. */
    @Override
    void close();
}
