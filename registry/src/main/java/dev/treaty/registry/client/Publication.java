package dev.treaty.registry.client;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.Fault;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;

/**
 * A contract that a {@link LeaseKeeper} keeps published. One that the registry has accepted once is forced when the
 * registry has lost its state, whatever that contains then.
 */
final class Publication extends Desired {
    final ServiceContract contract;
    private final LeaseKeeper keeper;
    private boolean force;
    private boolean acknowledged;

    Publication(ServiceContract contract, boolean force, LeaseKeeper keeper) {
        super("a contract");
        this.contract = contract;
        this.force = force;
        this.keeper = keeper;
    }

    boolean isOf(ServiceName service, Version version) {
        return contract.name().equals(service) && contract.version().equals(version);
    }

    @Override
    boolean isPermanent(Fault refusal) {
        return refusal.code() != Code.RESOURCE_EXHAUSTED;
    }

    @Override
    synchronized Step next(long nowNanos) {
        if (acknowledged || refusal().isPresent()) {
            settled().complete(true);
            return () -> LeaseKeeper.IDLE_NANOS;
        }
        boolean forced = force;
        return () -> keeper.publish(this, forced);
    }

    synchronized void acknowledge() {
        acknowledged = true;
        force = true;
        accepted();
    }

    /** The registry may have lost the contract. */
    synchronized void lost() {
        acknowledged = false;
    }
}
