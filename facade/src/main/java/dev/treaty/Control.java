package dev.treaty;

import dev.treaty.core.contract.Contract;
import dev.treaty.core.contract.Description;
import dev.treaty.core.contract.Idempotent;
import dev.treaty.resilience.IsolationLevel;

/**
 * The operations by which operators change a running process. It is hosted beside the services, only if the process
 * listens on loopback: every client that can reach it there could stop the process as well. It is not registered.
 */
@Contract(name = Control.NAME, version = "1.0.0")
@Description("Changes a process at run time.")
public interface Control {
    /** The name of this service. */
    String NAME = "treaty.Control";

    /**
     * Changes the isolation level of the calls that the process makes to a service.
     *
     * @return false if the process does not call it
     */
    @Idempotent
    @Description("Changes the isolation level of the calls that the process makes to a service.")
    boolean level(String service, IsolationLevel level);

    /**
     * Closes the breakers of all instances of a service that the process calls, and resets its statistics.
     *
     * @return false if the process does not call it
     */
    @Idempotent
    @Description("Closes the breakers of a service that the process calls, and resets its statistics.")
    boolean reset(String service);
}
