package dev.treaty.cli;

import dev.treaty.Introspection;
import dev.treaty.Treaty;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.discovery.ServiceInstance;
import java.util.Collection;
import java.util.Comparator;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;

/** Reads the status of many processes concurrently. */
public final class StatusQuery {
    private StatusQuery() {}

    /** Returns the status of each process of these instances that answers, by its endpoint, sorted. */
    public static Map<ServiceEndpoint, Introspection.Status> of(Treaty treaty, Collection<ServiceInstance> instances) {
        var byAddress = Comparator.comparing(ServiceEndpoint::toString);
        var answers = new TreeMap<ServiceEndpoint, CompletableFuture<Optional<Introspection.Status>>>(byAddress);
        for (ServiceInstance instance : instances) {
            answers.computeIfAbsent(instance.endpoint(), endpoint -> treaty.callAsync(() -> status(treaty, endpoint)));
        }
        var statuses = new TreeMap<ServiceEndpoint, Introspection.Status>(byAddress);
        answers.forEach((endpoint, answer) -> answer.join().ifPresent(status -> statuses.put(endpoint, status)));
        return statuses;
    }

    private static Optional<Introspection.Status> status(Treaty treaty, ServiceEndpoint endpoint) {
        try (var direct = treaty.direct(Introspection.class, endpoint)) {
            return Optional.of(direct.client().status());
        } catch (ServiceException e) {
            return Optional.empty();
        }
    }
}
