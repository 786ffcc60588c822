package dev.treaty.resilience;

import dev.treaty.core.contract.Operation;
import java.util.Map;

/**
 * The fault tolerance of one service: what holds for all of its operations, and where an operation differs.
 *
 * @param service for every operation that is not named
 * @param operations by the operation's name
 */
public record Policies(FaultTolerance service, Map<String, FaultTolerance> operations) {
    /** Copies the map. */
    public Policies {
        operations = Map.copyOf(operations);
    }

    /** The same for every operation. */
    public static Policies of(FaultTolerance service) {
        return new Policies(service, Map.of());
    }

    /** What holds for that operation. */
    public FaultTolerance of(Operation operation) {
        return operations.isEmpty() ? service : operations.getOrDefault(operation.name(), service);
    }
}
