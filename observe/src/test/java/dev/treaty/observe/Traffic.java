package dev.treaty.observe;

import dev.treaty.core.call.Call;
import dev.treaty.core.call.CallContext;
import dev.treaty.core.call.Cancellation;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.Deadline;
import dev.treaty.core.call.DecisionRecord;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.Headers;
import dev.treaty.core.call.Principal;
import dev.treaty.core.call.Priority;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.call.Trace;
import dev.treaty.core.contract.Operation;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import dev.treaty.core.discovery.DiscoveryEvent;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.event.Event;
import dev.treaty.core.event.Side;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/** Creates events as pipelines emit them. */
final class Traffic {
    static final ServiceName ORDERS = new ServiceName("shop.Orders");

    private Traffic() {}

    static Call call(ServiceName service, String operation) {
        var context = new CallContext(
                new Deadline(0),
                Principal.ANONYMOUS,
                new Trace(1, 2, 3, true),
                1,
                Priority.NORMAL,
                false,
                Headers.NONE,
                Headers.NONE,
                new DecisionRecord(),
                new Cancellation());
        return new Call(service, Operation.unknown(operation), List.of(Map.of("card", "4111-secret")), context);
    }

    static ServiceResponse<Object> ok(Duration latency) {
        return ServiceResponse.<Object>ok("secret").withLatencyNanos(latency.toNanos());
    }

    static ServiceResponse<Object> failed(Code code, Duration latency) {
        return ServiceResponse.failed(code, "secret").withLatencyNanos(latency.toNanos());
    }

    static Event ended(String operation, ServiceResponse<?> response) {
        return ended(Side.CLIENT, ORDERS, operation, response);
    }

    static Event ended(Side side, ServiceName service, String operation, ServiceResponse<?> response) {
        return new Event.CallEnded(side, call(service, operation), response);
    }

    static Event attempt(String instance, ServiceResponse<?> response) {
        return new Event.AttemptEnded(call(ORDERS, "get"), instance(instance), response);
    }

    static Fault fault() {
        return Fault.of(Code.UNAVAILABLE, "secret");
    }

    static ServiceInstance instance(String id) {
        return instance(id, ServiceHealth.Status.PASSING);
    }

    static ServiceInstance instance(String id, ServiceHealth.Status status) {
        var endpoint = new ServiceEndpoint("http", "127.0.0.1", 8080);
        return ServiceInstance.of(id, ORDERS, new Version(1, 4, 0), endpoint, Instant.EPOCH)
                .withHealth(ServiceHealth.of(status, Instant.EPOCH));
    }

    static Event added(String id, ServiceHealth.Status status) {
        return new Event.DiscoveryChanged(new DiscoveryEvent.Added(instance(id, status), Instant.EPOCH));
    }

    static Event removed(String id) {
        return new Event.DiscoveryChanged(new DiscoveryEvent.Removed(instance(id), "closed", Instant.EPOCH));
    }
}
