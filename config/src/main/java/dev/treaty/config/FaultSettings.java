package dev.treaty.config;

import dev.treaty.balance.FaultPolicy;
import dev.treaty.balance.FaultPolicy.InjectedFault;
import java.util.List;

/**
 * Which faults are put in the way of calls on purpose.
 *
 * @param client of calls that this process makes
 * @param server of calls that it serves
 */
public record FaultSettings(List<InjectedFault> client, List<InjectedFault> server) {
    /** None. */
    public static final FaultSettings DEFAULT = new FaultSettings(List.of(), List.of());

    /** @throws IllegalArgumentException where there are too many */
    public FaultSettings {
        client = new FaultPolicy(client).faults();
        server = new FaultPolicy(server).faults();
    }
}
