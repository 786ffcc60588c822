package dev.treaty.observe;

import dev.treaty.core.call.Origin;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.event.Side;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.ToLongFunction;

/**
 * How one service did, seen from one side, at one moment.
 *
 * @param side {@link Side#CLIENT} for the calls that this process made, {@link Side#SERVER} for those it answered
 * @param minute all operations together, over the last minute
 * @param total all operations together, since the process began
 * @param operations each operation, by name
 * @param instances each instance that attempts were made at, by id; only on the client's side
 * @param attempts how many attempts the calls took
 * @param retries how many failed attempts were followed by another
 * @param retriesRefused how many failed attempts were not repeated though they might have been
 * @param fallbacks how many answers were given by fallbacks, by their origin
 * @param breakerOpenings how often a circuit breaker opened
 * @param ejections how often an instance was ejected because it did worse than the others
 * @param mirrored how many calls were copied to a mirror
 * @param updatedAt when something was last counted
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

    /** Copies lists and map. */
    public ServiceMetrics {
        operations = List.copyOf(operations);
        instances = List.copyOf(instances);
        var sorted = new EnumMap<Origin, Long>(Origin.class);
        sorted.putAll(fallbacks);
        fallbacks = Collections.unmodifiableMap(sorted);
    }

    /** The operation of that name; nothing was called where it is not known. */
    public OperationMetrics operation(String name) {
        return operations.stream()
                .filter(o -> o.operation().equals(name))
                .findFirst()
                .orElseGet(() -> new OperationMetrics(name, CallStatistics.NONE, CallStatistics.NONE));
    }

    /** How many attempts a call took, on average; 0 where there were no calls. */
    public double attemptsPerCall() {
        return total.requests() == 0 ? 0 : (double) attempts / total.requests();
    }

    /**
     * What several processes saw of one service from one side, exact as if it had been counted in one place. Of an
     * instance that several know, health and breaker are as the first tells.
     *
     * @throws IllegalArgumentException where there is nothing to merge, the parts are of different services or sides,
     *     or a histogram is malformed
     */
    public static ServiceMetrics merge(List<ServiceMetrics> parts) {
        if (parts.isEmpty()) {
            throw new IllegalArgumentException("there are no metrics to merge: pass at least one");
        }
        ServiceMetrics first = parts.getFirst();
        for (ServiceMetrics part : parts) {
            if (!part.service.equals(first.service) || part.side != first.side) {
                throw new IllegalArgumentException("metrics of " + first.service + " and " + part.service
                        + " or of two sides cannot be merged: merge those of one service and side");
            }
        }
        var fallbacks = new EnumMap<Origin, Long>(Origin.class);
        parts.forEach(part -> part.fallbacks.forEach((origin, count) -> fallbacks.merge(origin, count, Long::sum)));
        return new ServiceMetrics(
                first.service,
                first.side,
                figures(parts, ServiceMetrics::minute),
                figures(parts, ServiceMetrics::total),
                grouped(parts, ServiceMetrics::operations, OperationMetrics::operation, ServiceMetrics::operation),
                grouped(parts, ServiceMetrics::instances, InstanceMetrics::instance, ServiceMetrics::instance),
                sum(parts, ServiceMetrics::attempts),
                sum(parts, ServiceMetrics::retries),
                sum(parts, ServiceMetrics::retriesRefused),
                fallbacks,
                sum(parts, ServiceMetrics::breakerOpenings),
                sum(parts, ServiceMetrics::ejections),
                sum(parts, ServiceMetrics::mirrored),
                parts.stream()
                        .map(ServiceMetrics::updatedAt)
                        .max(Instant::compareTo)
                        .orElse(first.updatedAt));
    }

    private static OperationMetrics operation(List<OperationMetrics> same) {
        return new OperationMetrics(
                same.getFirst().operation(),
                figures(same, OperationMetrics::minute),
                figures(same, OperationMetrics::total));
    }

    private static InstanceMetrics instance(List<InstanceMetrics> same) {
        InstanceMetrics first = same.getFirst();
        return new InstanceMetrics(
                first.instance(),
                first.health(),
                first.breaker(),
                figures(same, InstanceMetrics::minute),
                figures(same, InstanceMetrics::total));
    }

    private static <T> CallStatistics figures(List<T> parts, Function<T, CallStatistics> figures) {
        return CallStatistics.merge(parts.stream().map(figures).toList());
    }

    private static long sum(List<ServiceMetrics> parts, ToLongFunction<ServiceMetrics> figure) {
        return parts.stream().mapToLong(figure).sum();
    }

    private static <T> List<T> grouped(
            List<ServiceMetrics> parts,
            Function<ServiceMetrics, List<T>> members,
            Function<T, String> name,
            Function<List<T>, T> merge) {
        var groups = new TreeMap<String, List<T>>();
        for (ServiceMetrics part : parts) {
            for (T member : members.apply(part)) {
                groups.computeIfAbsent(name.apply(member), _ -> new ArrayList<>())
                        .add(member);
            }
        }
        return groups.values().stream().map(merge).toList();
    }
}
