package dev.treaty.registry.spi;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import dev.treaty.core.discovery.Subscription;
import dev.treaty.registry.NetworkRegistry;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/**
 * What a module implements to keep a registry in another store, such as etcd. {@link NetworkRegistry#over} makes a
 * registry of it and adds what all registries have in common: renewal of leases, reconciliation, views that survive an
 * outage, watchers, and central settings.
 *
 * <p>The instances of a client belong to one lease, which expires unless it is renewed. Every method except {@link
 * #follow} and {@link #close} sends a request to the store and waits for the answer, {@value #PATIENCE_MILLIS}
 * milliseconds at most; without an answer, or if the store refuses, it throws {@link ServiceException}.
 *
 * <p>A store that other programs write, such as a file, implements {@link #services}, {@link #instances}, {@link
 * #follow}, {@link #instead} and {@link #close}. Registering there fails with a hint.
 */
public interface Backend extends AutoCloseable {
    /** The longest duration of a request to the store. */
    long PATIENCE_MILLIS = 2_000;

    /** The id under which a follower receives the central settings. */
    String SETTINGS = "central";

    /**
     * The entry of a store for one registered instance.
     *
     * @param owner identifies the registrant; not a secret
     */
    record Holding(String id, ServiceName service, String owner) {}

    /** Receives the changes of a service, one call at a time. */
    interface Follower {
        /**
         * Called before all instances are read, in backends that can be written.
         *
         * @throws ServiceException if they cannot be followed now: call {@link #failed}, then this
         *     method again
         */
        default void starting() throws InterruptedException {}

        /**
         * All instances: the first call, and repeated when changes may have been missed.
         *
         * @param instances values by instance id
         * @throws ServiceException if they cannot be processed now: call {@link #failed}, then
         *     this method again
         */
        void complete(Map<String, String> instances);

        /** An instance was added or changed. */
        void changed(String id, String value);

        /** An instance was removed. */
        void removed(String id, String reason);

        /** Changes cannot be read now; {@link #complete} follows when they can be read again. */
        void failed(String why);
    }

    /** Follows a service until it is closed. */
    interface Following extends Subscription {}

    /**
     * Returns a mark that differs between this store and one that started empty or from an earlier state in its place.
     *
     * @param candidate stored as the mark if there is none yet
     */
    default String epoch(String candidate) throws InterruptedException {
        return "read-only";
    }

    /**
     * Registers an instance under this client's lease, or writes one with the same id, service and owner again.
     *
     * @param value returns the value for followers, given the one that this registrant had written or an empty text
     * @return the other registrant of the id, if there is one and nothing was registered
     */
    default Optional<Holding> hold(Holding holding, UnaryOperator<String> value) throws InterruptedException {
        throw readOnly();
    }

    /** Returns the duration of the lease as the store has granted it. */
    default long leaseMillis() {
        return 0;
    }

    /**
     * Changes the value of a registered instance, whichever client has registered it.
     *
     * @param value returns the new value, given the current one; called again after a conflict with another change
     * @return false if the registrant does not hold it any more
     */
    default boolean change(Holding holding, UnaryOperator<String> value) throws InterruptedException {
        return false;
    }

    /** Returns the registrant of an id. */
    default Optional<Holding> holding(String id) throws InterruptedException {
        throw new ServiceException(
                Code.UNIMPLEMENTED, "it can only be read; to change " + id + " or its health, " + instead());
    }

    /**
     * Renews the lease, and removes what is under it and should not be.
     *
     * @param holdings returns everything that this client has registered
     * @return the ids of those instances that are not registered any more
     */
    default Set<String> renew(Supplier<Collection<Holding>> holdings) throws InterruptedException {
        return Set.of();
    }

    /**
     * Returns when the leases of a service's instances were last renewed, by id; empty for those that the store only
     * knows to live.
     */
    default Map<String, Optional<Instant>> renewals(ServiceName service) throws InterruptedException {
        return Map.of();
    }

    /** Removes an instance if it is registered, and passes the reason to followers. */
    default void release(Holding holding, String reason) throws InterruptedException {}

    /**
     * Records under this client's lease whether it watches a service, so that a drain waits for it.
     *
     * @param watcher identifies this client
     * @param acknowledged returns what it acknowledges now, or nothing if it does not watch the service: asked for each
     *     attempt to record it, so that what is recorded last is never older than an earlier record
     */
    default void attend(ServiceName service, String watcher, Supplier<Optional<String>> acknowledged)
            throws InterruptedException {}

    /** Returns what each watcher of a service acknowledges, by watcher, and what other programs have written there. */
    default Map<String, String> watchers(ServiceName service) throws InterruptedException {
        return Map.of();
    }

    /** Stores the text of a contract until it is forgotten. */
    default void store(ServiceName service, Version version, String contract) throws InterruptedException {
        throw readOnly();
    }

    /** Removes the contract of a version, if there is one. */
    default void forget(ServiceName service, Version version) throws InterruptedException {}

    /** Returns the texts of all contracts of a service, in the order in which they were last stored. */
    default List<String> contracts(ServiceName service) throws InterruptedException {
        return List.of();
    }

    /**
     * Returns whether central settings can be kept in this store. Then {@link #settings}, {@link #replaceSettings} and
     * {@link #followSettings} are implemented.
     */
    default boolean keepsSettings() {
        return false;
    }

    /** Returns the text of the central settings; an empty text if there are none. */
    default String settings() throws InterruptedException {
        return "";
    }

    /**
     * Replaces the text of the central settings.
     *
     * @param before the text that is there, or an empty text for none
     * @return false if another text is there, and nothing was replaced
     */
    default boolean replaceSettings(String before, String after) throws InterruptedException {
        throw readOnly();
    }

    /**
     * Starts to notify a follower of the text of the central settings and of its changes, in the background, under the
     * id {@value #SETTINGS}.
     */
    default Following followSettings(Follower follower) {
        throw readOnly();
    }

    /** Returns the names of the services that have instances or contracts, as they are written there. */
    Set<String> services() throws InterruptedException;

    /** Returns the values of the instances of a service, by id. */
    Map<String, String> instances(ServiceName service) throws InterruptedException;

    /** Starts to notify a follower of every change of a service, in the background. */
    Following follow(ServiceName service, Follower follower);

    /**
     * Returns whether instances may be missing because a lease expired: then many at once are more likely a fault of
     * the network than the truth.
     */
    default boolean expires() {
        return false;
    }

    private ServiceException readOnly() {
        return new ServiceException(Code.INVALID_ARGUMENT, "it can only be read; to add an instance, " + instead());
    }

    /** Returns how to add an instance to a store that is only read, for people: {@code edit the file}. */
    default String instead() {
        return "use another registry";
    }

    /** Releases the lease and closes all connections. */
    @Override
    void close();
}
