package dev.treaty.observe;

import dev.treaty.core.call.Origin;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.event.Side;
import java.time.Instant;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * The metrics of one service on one side, at one moment.
 *
 * @param side {@link Side#CLIENT} for calls that this process made, {@link Side#SERVER} for calls that it served
 * @param minute all operations together, in the last minute
 * @param total all operations together, since the process started
 * @param operations each operation, by name
 * @param instances each instance, by id; only on the client side
 * @param attempts the number of attempts of all calls
 * @param retries the number of failed attempts that were retried
 * @param retriesRefused the number of failed attempts that were retryable and were not retried
 * @param fallbacks the number of responses from fallbacks, by their origin
 * @param breakerOpenings how often a circuit breaker opened
 * @param ejections how often an instance was ejected
 * @param mirrored the number of mirrored calls
 * @param updatedAt the time of the last call
 */
public record ServiceMetrics(
        ServiceName service,
        Side side,
        CallStatistics minute,
        CallStatistics total,
        List<OperationMetrics> operations,
        List<InstanceMetrics> instances,
        long attempts,
        long retries,
        long retriesRefused,
        Map<Origin, Long> fallbacks,
        long breakerOpenings,
        long ejections,
        long mirrored,
        Instant updatedAt) {

    /** Copies the lists and the map. */
    public ServiceMetrics {
        operations = List.copyOf(operations);
        instances = List.copyOf(instances);
        var sorted = new EnumMap<Origin, Long>(Origin.class);
        sorted.putAll(fallbacks);
        fallbacks = Collections.unmodifiableMap(sorted);
    }
}
