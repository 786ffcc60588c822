package dev.treaty.config;

import dev.treaty.resilience.FaultTolerance;
import java.util.Map;

/**
 * How one service is called.
 *
 * @param tolerance for all operations that are not named
 * @param operations for each operation that is named, by its name
 */
public record ServiceSettings(FaultTolerance tolerance, Map<String, FaultTolerance> operations) {
    /** Copies the map. */
    public ServiceSettings {
        operations = Map.copyOf(operations);
    }

    /** What holds for that operation. */
    public FaultTolerance operation(String name) {
        return operations.getOrDefault(name, tolerance);
    }
}
