package dev.treaty;

import dev.treaty.core.call.Call;
import dev.treaty.core.call.CallContext;
import dev.treaty.core.call.Deadline;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.contract.Operation;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.core.discovery.ServiceInstance;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Calls services by name, without their Java interfaces: messages are maps, as JSON has them. The contract that the
 * service published says which operations are idempotent; where none is known, none is taken to be.
 */
public final class ServiceClient {
    /** How long the registry is not asked again for a contract that it does not have, or that lacks an operation. */
    private static final long ASK_PAUSE_NANOS = 1_000_000_000;

    private final Treaty treaty;
    private final Map<ServiceName, ServiceContract> contracts = new ConcurrentHashMap<>();
    private final Map<ServiceName, Long> askedNanos = new ConcurrentHashMap<>();

    ServiceClient(Treaty treaty) {
        this.treaty = treaty;
    }

    /**
     * Calls an operation and waits for the answer.
     *
     * @param request the request message: one entry per field
     * @return the response message as a map, or the fault
     * @throws IllegalArgumentException where {@code service} is not a legal name
     * @throws InterruptedException where the calling thread is interrupted meanwhile
     */
    public ServiceResponse<?> call(String service, String operation, Map<String, ?> request)
            throws InterruptedException {
        return call(service, operation, request, Deadline.MAX, Map.of());
    }

    /**
     * Calls an operation and waits for the answer, at most that long.
     *
     * @param headers what else to send, by name
     */
    public ServiceResponse<?> call(
            String service, String operation, Map<String, ?> request, Duration deadline, Map<String, String> headers)
            throws InterruptedException {
        var name = new ServiceName(service);
        CallContext context = treaty.nextContext().with(headers).within(Deadline.after(deadline, treaty.time()));
        return treaty.caller(name)
                .handler()
                .handle(new Call(name, operation(name, operation), List.of(request), context));
    }

    /** Calls an operation on a virtual thread of its own, in the context of the thread that calls this. */
    public CompletableFuture<ServiceResponse<?>> callAsync(String service, String operation, Map<String, ?> request) {
        return treaty.callAsync(() -> call(service, operation, request));
    }

    private Operation operation(ServiceName service, String operation) {
        var contract = contracts.get(service);
        var known = contract == null ? null : contract.operation(operation).orElse(null);
        if (known != null) {
            return known;
        }
        Long asked = askedNanos.get(service);
        if (asked != null && treaty.time().nanoTime() - asked < ASK_PAUSE_NANOS) {
            return Operation.unknown(operation);
        }
        var published = treaty.registry().contract(service).map(ServiceContract::dynamic);
        published.ifPresent(c -> contracts.put(service, c));
        askedNanos.put(service, treaty.time().nanoTime());
        return published.flatMap(c -> c.operation(operation)).orElseGet(() -> Operation.unknown(operation));
    }

    /**
     * How a service feels as a whole: passing where all of its instances do, warning where only some do, critical where
     * none does, unknown where there is none. The details tell each instance's status by its id.
     */
    public ServiceHealth health(String service) {
        var name = new ServiceName(service);
        List<ServiceInstance> instances = treaty.registry().instances(name);
        long passing = instances.stream()
                .filter(i -> i.health().status() == Status.PASSING)
                .count();
        long taking =
                instances.stream().filter(i -> i.health().status().takesCalls()).count();
        Status status = instances.isEmpty()
                ? Status.UNKNOWN
                : passing == instances.size() ? Status.PASSING : taking > 0 ? Status.WARNING : Status.CRITICAL;
        var details = new TreeMap<String, String>();
        instances.stream()
                .limit(ServiceHealth.DETAILS_MAX)
                .forEach(i -> details.put(i.id(), i.health().status().name().toLowerCase(Locale.ROOT)));
        String message = instances.isEmpty()
                ? treaty.registry().problem(name).orElse("no instance of " + service + " is registered")
                : passing + " of " + instances.size() + " instances are passing";
        return new ServiceHealth(status, message, treaty.time().instant(), details);
    }
}
