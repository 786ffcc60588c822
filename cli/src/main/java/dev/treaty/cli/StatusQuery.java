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

/** Asks processes of the fabric how they stand, all at the same time. */
final class StatusQuery {
    private StatusQuery() {}

    /** How each of these processes stands, by its address; those that do not answer are left out. */
    static Map<String, Introspection.Status> of(Treaty treaty, Collection<ServiceEndpoint> endpoints) {
        var asked = new TreeMap<String, CompletableFuture<Optional<Introspection.Status>>>();
        for (ServiceEndpoint endpoint : endpoints) {
            asked.computeIfAbsent(endpoint.toString(), _ -> treaty.callAsync(() -> of(treaty, endpoint)));
        }
        var statuses = new TreeMap<String, Introspection.Status>();
        asked.forEach((address, answer) -> answer.join().ifPresent(status -> statuses.put(address, status)));
        return statuses;
    }

    /** How one process stands; nothing where it does not answer. */
    static Optional<Introspection.Status> of(Treaty treaty, ServiceEndpoint endpoint) {
        try (var direct = treaty.direct(Introspection.class, endpoint)) {
            return Optional.of(direct.client().status());
        } catch (ServiceException e) {
            return Optional.empty();
        }
    }
}
