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
 */
public record HostedService(ServiceContract contract, Handler handler, Supplier<ServiceHealth> health) {}
