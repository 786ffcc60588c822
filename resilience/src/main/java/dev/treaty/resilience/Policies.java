package dev.treaty.resilience;

import dev.treaty.core.contract.Description;
import dev.treaty.core.contract.Operation;
import java.util.HashMap;
import java.util.Map;

/**
 * The fault tolerance of one service: the policies of all its operations, and those of operations that differ.
 *
 * @param service for every operation that is not in the map
 * @param operations by the operation's name
 */
public record Policies(
        FaultTolerance service,

        @Description("What differs for single operations of the service.")
        Map<String, FaultTolerance> operations) {
    public Policies {
        operations = Map.copyOf(operations);
    }

    /** Returns the same policies for every operation. */
    public static Policies of(FaultTolerance service) {
        return new Policies(service, Map.of());
    }

    /** Returns the same policies at another level, for the service and for every operation. */
    public Policies at(IsolationLevel level) {
        var changed = new HashMap<>(operations);
        changed.replaceAll((_, tolerance) -> tolerance.with(level));
        return new Policies(service.with(level), changed);
    }

    /** Returns the policies of an operation. */
    public FaultTolerance of(Operation operation) {
        return operations.getOrDefault(operation.name(), service);
    }
}
