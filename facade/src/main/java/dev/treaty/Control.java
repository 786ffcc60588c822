package dev.treaty;

import dev.treaty.core.contract.Contract;
import dev.treaty.core.contract.Description;
import dev.treaty.core.contract.Idempotent;

/**
 * The operations by which operators change a running process. It is hosted beside the services. If
 * security is on, rules decide who may call it. Otherwise it is hosted only if the process listens on loopback, and
 * only for the user that runs the process, who could stop it as well. It is not registered; {@link Treaty#direct}
 * creates a client.
 */
@Contract(name = Control.NAME, version = "2.0.0")
@Description("Changes a process at run time.")
public interface Control {
    /** The name of this service. */
    String NAME = "treaty.Control";

    /**
     * Closes the breakers of all instances of a service that the process calls, and resets its statistics.
     *
     * @return false if the process does not call it
     */
    @Idempotent
    @Description("Closes the breakers of a service that the process calls, and resets its statistics.")
    boolean reset(String service);
}
