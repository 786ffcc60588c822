package dev.treaty;

import dev.treaty.client.Callers;
import dev.treaty.core.call.Call;
import dev.treaty.core.call.CallContext;
import dev.treaty.core.call.Deadline;
import dev.treaty.core.call.Headers;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.contract.Operation;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.ServiceDiscovery;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.time.Time;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Calls services by name, without their Java interfaces; messages are maps with the structure of the JSON. Which
 * operations are idempotent is read from the published contract; if there is none, no operation is.
 */
public final class ServiceClient {
    /** How long a contract that is missing, or lacks an operation, is not requested again. */
    private static final long RETRY_NANOS = 1_000_000_000;

    private final Callers callers;
    private final ServiceDiscovery discovery;
    private final Time time;
    private final Map<ServiceName, ServiceContract> contracts = new ConcurrentHashMap<>();
    private final Map<ServiceName, Long> requestedNanos = new ConcurrentHashMap<>();

    ServiceClient(Callers callers, ServiceDiscovery discovery, Time time) {
        this.callers = callers;
        this.discovery = discovery;
        this.time = time;
    }

    /**
     * Calls an operation and waits for the response.
     *
     * @param request the request message: one entry for each field
     * @return the response message as a map, or the fault, with the headers and trailers of the handler
     * @throws IllegalArgumentException if {@code service} is not a valid name
     * @throws InterruptedException if the calling thread is interrupted
     */
    public ServiceResponse<?> call(String service, String operation, Map<String, ?> request)
            throws InterruptedException {
        return call(service, operation, request, Deadline.MAX, Headers.NONE);
    }

    /**
     * Calls an operation and waits for the response until a deadline.
     *
     * @param headers what is sent with the request, besides what {@link Treaty#withHeaders} adds
     */
    public ServiceResponse<?> call(
            String service, String operation, Map<String, ?> request, Duration deadline, Headers headers)
            throws InterruptedException {
        var name = new ServiceName(service);
        CallContext context = callers.nextContext().with(headers).within(Deadline.after(deadline, time));
        var call = new Call(name, operation(name, operation), List.of(request), context);
        ServiceResponse<?> response = callers.caller(name).handler().handle(call);
        return response.with(response.metadata().of(context));
    }

    /** Calls an operation on a new virtual thread, in the context of the calling thread. */
    public CompletableFuture<ServiceResponse<?>> callAsync(String service, String operation, Map<String, ?> request) {
        return callers.async(() -> call(service, operation, request));
    }

    private Operation operation(ServiceName service, String operation) {
        Optional<Operation> known = Optional.ofNullable(contracts.get(service)).flatMap(c -> c.operation(operation));
        Long requested = requestedNanos.get(service);
        if (known.isEmpty() && (requested == null || time.nanoTime() - requested >= RETRY_NANOS)) {
            Optional<ServiceContract> published = discovery.contract(service).map(ServiceContract::dynamic);
            published.ifPresent(contract -> contracts.put(service, contract));
            requestedNanos.put(service, time.nanoTime());
            known = published.flatMap(contract -> contract.operation(operation));
        }
        return known.orElseGet(() -> Operation.unknown(operation));
    }

    /**
     * Returns the health of a service: passing if all instances are passing, warning if only some accept calls,
     * critical if none does, unknown if there is no instance. The details list the status of each instance by id.
     */
    public ServiceHealth health(String service) {
        var name = new ServiceName(service);
        List<ServiceInstance> instances = discovery.instances(name);
        long passing = instances.stream()
                .filter(i -> i.health().status() == Status.PASSING)
                .count();
        boolean available = instances.stream().anyMatch(i -> i.health().status().takesCalls());
        Status status = instances.isEmpty()
                ? Status.UNKNOWN
                : passing == instances.size() ? Status.PASSING : available ? Status.WARNING : Status.CRITICAL;
        var details = new TreeMap<String, String>();
        instances.stream()
                .limit(ServiceHealth.DETAILS_MAX)
                .forEach(i -> details.put(i.id(), i.health().status().name().toLowerCase(Locale.ROOT)));
        String message = instances.isEmpty()
                ? discovery.problem(name).orElse("no instance of " + service + " is registered")
                : passing + " of " + instances.size() + " instances are passing";
        return new ServiceHealth(status, message, time.instant(), details);
    }
}
