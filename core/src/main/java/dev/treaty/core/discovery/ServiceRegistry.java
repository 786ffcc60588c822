package dev.treaty.core.discovery;

import dev.treaty.core.contract.ServiceContract;
import java.time.Duration;

/** Where instances register under a lease and contracts are published. */
public interface ServiceRegistry {
    /**
     * Registers an instance and keeps it registered until the registration is closed: the lease is renewed, and where
     * the registry was down or lost it, the instance is registered again. It never fails because the registry cannot
     * be reached; it goes on trying.
     *
     * @throws IllegalArgumentException where the registry refuses the instance for good
     */
    Registration register(ServiceInstance instance);

    /**
     * Has an instance drain, whoever registered it and whatever it reports, until this is taken back: for operators.
     *
     * @param drained false to take it back
     * @param patience how long to wait until all clients have heard
     * @return true where all are known to have
     * @throws IllegalArgumentException where no such instance is registered
     * @throws UnsupportedOperationException where this registry has no way to do that
     */
    default boolean drain(ServiceInstance instance, boolean drained, Duration patience) {
        throw new UnsupportedOperationException("this registry cannot have instances drain: end their processes");
    }

    /**
     * Stores a contract: for callers without its Java interface, and so that everybody can tell who can talk to whom.
     * Like registering, it goes on trying.
     *
     * @throws dev.treaty.core.contract.IncompatibleContractException where it breaks clients of another version with
     *     the same major number
     */
    default void publish(ServiceContract contract) {
        publish(contract, false);
    }

    /**
     * Stores a contract.
     *
     * @param force whether to store it although it breaks clients
     * @throws dev.treaty.core.contract.IncompatibleContractException where it breaks clients of another version with
     *     the same major number, and is not forced
     */
    void publish(ServiceContract contract, boolean force);

    /** An instance that is being kept registered. */
    interface Registration extends AutoCloseable {
        /** The instance as it was last reported. */
        ServiceInstance instance();

        /** Tells the registry how the instance feels; watchers see it as an update. */
        void report(ServiceHealth health);

        /**
         * Has the instance be as it is here: its endpoint, weight or metadata may be others, its id and its service
         * stay. Watchers see it as an update.
         *
         * @return false where this registry cannot do that: close this, and register the instance anew
         * @throws IllegalArgumentException where the registry refuses that; the instance stays as it was
         */
        default boolean update(ServiceInstance instance) {
            return false;
        }

        /** Tells clients to stop sending calls; the instance stays registered until it is closed. */
        void drain();

        /**
         * Waits until every client that follows the service has heard how the instance is now, that it drains for
         * example, and does as it heard.
         *
         * @param patience the longest wait
         * @return true where all have; false where that is not known in time, or where this registry cannot know: then
         *     give clients a moment
         */
        default boolean acknowledged(Duration patience) {
            return false;
        }

        /** Takes the instance out of the registry. */
        @Override
        void close();
    }
}
