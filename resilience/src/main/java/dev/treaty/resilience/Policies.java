package dev.treaty.resilience;

import dev.treaty.core.contract.Operation;
import java.util.HashMap;
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

    /** The same at another level, for the service and for every operation. */
    public Policies at(IsolationLevel level) {
        var changed = new HashMap<String, FaultTolerance>();
        operations.forEach((operation, tolerance) -> changed.put(operation, tolerance.with(level)));
        return new Policies(service.with(level), changed);
    }

    /** What holds for that operation. */
    public FaultTolerance of(Operation operation) {
        return operations.isEmpty() ? service : operations.getOrDefault(operation.name(), service);
    }
}
