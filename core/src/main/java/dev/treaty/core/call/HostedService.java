package dev.treaty.core.call;

import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.discovery.ServiceHealth;
import java.util.function.Supplier;

/**
 * A service as a server hosts it: its contract, the handler of its calls, and its health.
 *
 * @param contract its contract; the signatures define the Java types of arguments and results
 * @param handler the server's pipeline for it
 * @param health returns its current health
 * @param gate refuses calls before they are read
 */
public record HostedService(ServiceContract contract, Handler handler, Supplier<ServiceHealth> health, Gate gate) {
    /** A service whose handler alone refuses calls. */
    public HostedService(ServiceContract contract, Handler handler, Supplier<ServiceHealth> health) {
        this(contract, handler, health, Gate.OPEN);
    }
}
