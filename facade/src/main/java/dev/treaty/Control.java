package dev.treaty;

import dev.treaty.core.contract.Contract;
import dev.treaty.core.contract.Description;
import dev.treaty.core.contract.Idempotent;
import dev.treaty.resilience.IsolationLevel;

/**
 * What can be changed in a process while it runs. It is hosted beside the services, and only where the process listens
 * on loopback: whoever can reach it there could stop the process too. It is not registered.
 */
@Contract(name = Control.NAME, version = "1.0.0")
@Description("What can be changed in a process while it runs.")
public interface Control {
    /** The name of this service. */
    String NAME = "treaty.Control";

    /**
     * Puts another isolation level in force for the calls that the process makes to a service.
     *
     * @return false where the process does not call it
     */
    @Idempotent
    @Description("Puts another isolation level in force for the calls that the process makes to a service.")
    boolean level(String service, IsolationLevel level);

    /**
     * Closes the breakers at all instances of a service that the process calls, and counts its calls anew.
     *
     * @return false where the process does not call it
     */
    @Idempotent
    @Description("Closes the breakers of a service that the process calls, and counts its calls anew.")
    boolean reset(String service);
}
