package dev.treaty.config;

import dev.treaty.balance.FaultPolicy;
import dev.treaty.balance.FaultPolicy.InjectedFault;
import dev.treaty.core.contract.Description;
import java.util.List;

/**
 * The settings of fault injection: faults that are added to calls, to test how a system handles them.
 *
 * @param client faults in calls that this process makes
 * @param server faults in calls that it serves
 */
public record FaultSettings(
        @Description("Faults in calls that this process makes.")
        List<InjectedFault> client,

        @Description("Faults in calls that it serves.") List<InjectedFault> server) {
    /** No faults. */
    public static final FaultSettings DEFAULT = new FaultSettings(List.of(), List.of());

    /** @throws IllegalArgumentException if there are too many */
    public FaultSettings {
        client = new FaultPolicy(client).faults();
        server = new FaultPolicy(server).faults();
    }
}
