package dev.treaty.core.call;

import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.discovery.ServiceHealth;
import java.util.function.Supplier;

/**
 * A service as a server offers it.
 *
 * @param contract what it promises; its signatures say which Java types the handler gets and gives
 * @param handler the server's whole pipeline for it
 * @param health how it feels at the moment it is asked
 */
public record HostedService(ServiceContract contract, Handler handler, Supplier<ServiceHealth> health) {}
