package dev.treaty.cli;

import dev.treaty.Introspection;
import dev.treaty.Treaty;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.discovery.ServiceEndpoint;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;

/** Reads the status of many processes concurrently. */
final class StatusQuery {
    private StatusQuery() {}

    /** Returns the status of each process that answers, by its address. */
    static Map<String, Introspection.Status> of(Treaty treaty, Collection<ServiceEndpoint> endpoints) {
        var answers = new TreeMap<String, CompletableFuture<Optional<Introspection.Status>>>();
        for (ServiceEndpoint endpoint : endpoints) {
            answers.computeIfAbsent(endpoint.toString(), _ -> treaty.callAsync(() -> of(treaty, endpoint)));
        }
        var statuses = new TreeMap<String, Introspection.Status>();
        answers.forEach((address, answer) -> answer.join().ifPresent(status -> statuses.put(address, status)));
        return statuses;
    }

    private static Optional<Introspection.Status> of(Treaty treaty, ServiceEndpoint endpoint) {
        try (var direct = treaty.direct(Introspection.class, endpoint)) {
            return Optional.of(direct.client().status());
        } catch (ServiceException e) {
            return Optional.empty();
        }
    }
}
