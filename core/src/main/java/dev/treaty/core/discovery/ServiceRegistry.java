package dev.treaty.core.discovery;

import dev.treaty.core.contract.ServiceContract;

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

        /** Tells clients to stop sending calls; the instance stays registered until it is closed. */
        void drain();

        /** Takes the instance out of the registry. */
        @Override
        void close();
    }
}
