package dev.treaty.core.discovery;

import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import java.time.Duration;

/** The part of a registry that servers use: registers instances under a lease, and publishes contracts. */
public interface ServiceRegistry {
    /**
     * Registers an instance until the registration is closed: renews the lease, and registers the instance again if the
     * registry has lost it. If the registry is unreachable, this does not fail but is retried.
     *
     * @throws IllegalArgumentException if the registry permanently rejects the instance
     */
    Registration register(ServiceInstance instance);

    /**
     * Starts or stops draining an instance from outside its process, whatever health it reports: for operators.
     *
     * @param drained false to stop draining
     * @param waitMax how long to wait until all clients have acknowledged the change
     * @return true if all clients have acknowledged it
     * @throws IllegalArgumentException if no such instance is registered
     * @throws UnsupportedOperationException if this registry does not support it
     */
    default boolean drain(ServiceInstance instance, boolean drained, Duration waitMax) {
        throw new UnsupportedOperationException("this registry cannot drain instances: end their processes");
    }

    /**
     * Publishes a contract, for clients without its Java interface and for compatibility checks. If the registry is
     * unreachable, this does not fail but is retried.
     *
     * @throws dev.treaty.core.contract.IncompatibleContractException if it breaks clients of another version with the
     *     same major number
     */
    default void publish(ServiceContract contract) {
        publish(contract, false);
    }

    /**
     * Publishes a contract.
     *
     * @param force whether to publish it although it breaks clients
     * @throws dev.treaty.core.contract.IncompatibleContractException if it breaks clients of another version with the
     *     same major number, and {@code force} is false
     */
    void publish(ServiceContract contract, boolean force);

    /**
     * Removes the published contract of a version. A process that publishes it again, for example at its next start,
     * brings it back.
     *
     * @throws IllegalArgumentException if no contract of that version is published
     * @throws IllegalStateException if instances of that version are registered
     * @throws UnsupportedOperationException if this registry cannot be written
     * @throws dev.treaty.core.call.ServiceException if the registry does not respond
     */
    void withdraw(ServiceName service, Version version);

    /** A registered instance, whose lease is renewed until it is closed. */
    interface Registration extends AutoCloseable {
        /** The instance as it was last reported. */
        ServiceInstance instance();

        /** Reports the health of the instance, and leaves the rest of it alone; watchers receive an update. */
        void report(ServiceHealth health);

        /**
         * Changes the instance: its endpoint, weight or metadata, but not its id and service. Its health remains as it
         * was last {@linkplain #report reported}. Watchers receive an update.
         *
         * @throws IllegalArgumentException if the id or service differs, or the registry rejects the change; the
         *     instance remains unchanged
         */
        void update(ServiceInstance instance);

        /** Reports the instance as draining, so that clients send no more calls; it remains registered until closed. */
        void drain();

        /**
         * Waits until every watcher of the service has acknowledged and applied the current state of the instance, for
         * example that it is draining.
         *
         * @param waitMax the maximum wait
         * @return true if all have; false if the time is over, or if this registry has no acknowledgements: then wait
         *     for a moment before ending the process
         */
        default boolean acknowledged(Duration waitMax) {
            return false;
        }

        /** Removes the instance from the registry. */
        @Override
        void close();
    }
}
