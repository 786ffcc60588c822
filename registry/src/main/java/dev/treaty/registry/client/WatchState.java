package dev.treaty.registry.client;

import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.DiscoveryEvent;
import dev.treaty.core.discovery.RemovalReason;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.registry.RegistryProtocol;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * What a client knows from the answers to its watches. Immutable: {@link #apply} computes what an answer changes.
 *
 * @param epoch epoch of the last answer; empty before the first one
 * @param revisions revision up to which each followed service is known; 0 for nothing
 * @param restarted services whose instances a restarted registry has not sent yet
 * @param unclear services that the registry cannot answer for now, and why
 */
record WatchState(
        String epoch, Map<ServiceName, Long> revisions, Set<ServiceName> restarted, Map<ServiceName, String> unclear) {
    static final WatchState EMPTY = new WatchState("", Map.of(), Set.of(), Map.of());

    /**
     * The effect of an answer.
     *
     * @param state state after the answer
     * @param events instances to put, as {@code Added}, and to remove, in order; those that a restarted registry does
     *     not list may still have to register again
     * @param answered services that are known up to the revision of the answer
     */
    record Update(WatchState state, List<DiscoveryEvent> events, Set<ServiceName> answered) {}

    /** Returns the state in which a service is followed too, and nothing is known of it. */
    WatchState with(ServiceName service) {
        var more = new TreeMap<>(revisions);
        more.put(service, 0L);
        return new WatchState(epoch, more, restarted, unclear);
    }

    /** Returns the state without a service. */
    WatchState without(ServiceName service) {
        var fewer = new TreeMap<>(revisions);
        fewer.remove(service);
        return new WatchState(epoch, fewer, restarted, unclear);
    }

    /**
     * Applies an answer. It counts for the services that are still followed from the revisions that were asked for.
     *
     * @param asked revisions in the request
     * @param known the instances of a service that the registry listed last
     * @throws IllegalArgumentException if the answer has illegal parts
     */
    Update apply(
            Map<ServiceName, Long> asked,
            RegistryProtocol.News news,
            Function<ServiceName, List<ServiceInstance>> known,
            Instant now) {
        boolean restart = !epoch.isEmpty() && !epoch.equals(news.epoch());
        var revisionsAfter = new TreeMap<>(revisions);
        if (restart) {
            revisionsAfter.replaceAll((_, _) -> 0L);
        }
        var restartedAfter = new TreeSet<>(restart ? revisions.keySet() : restarted);
        var unclearAfter = new TreeMap<ServiceName, String>();
        news.unclear().orElse(Map.of()).forEach((name, why) -> unclearAfter.put(new ServiceName(name), why));
        var answered = new TreeSet<ServiceName>();
        asked.forEach((service, revision) -> {
            if (revision.equals(revisions.get(service))) {
                answered.add(service);
            }
        });

        var events = new ArrayList<DiscoveryEvent>();
        for (var complete : news.complete()) {
            var service = new ServiceName(complete.service());
            if (!answered.contains(service)) {
                continue;
            }
            Set<String> listed = complete.instances().stream()
                    .map(RegistryProtocol.Instance::id)
                    .collect(Collectors.toSet());
            complete.instances().forEach(instance -> events.add(new DiscoveryEvent.Added(instance.read(now), now)));
            for (ServiceInstance instance : known.apply(service)) {
                if (!listed.contains(instance.id())) {
                    RemovalReason reason = restartedAfter.contains(service)
                            ? RemovalReason.NOT_REGISTERED_AGAIN
                            : RemovalReason.MISSED;
                    events.add(new DiscoveryEvent.Removed(instance, reason.text(), now));
                }
            }
        }
        for (var change : news.changes()) {
            ServiceInstance instance = change.instance().read(now);
            if (answered.contains(instance.service())) {
                events.add(
                        change.kind() == RegistryProtocol.Kind.REMOVED
                                ? new DiscoveryEvent.Removed(instance, change.reason(), change.timestamp())
                                : new DiscoveryEvent.Added(instance, change.timestamp()));
            }
        }

        news.later().orElse(List.of()).forEach(name -> answered.remove(new ServiceName(name)));
        answered.removeAll(unclearAfter.keySet());
        restartedAfter.removeAll(answered);
        answered.forEach(service -> revisionsAfter.put(service, news.revision()));
        var after = new WatchState(news.epoch(), revisionsAfter, restartedAfter, unclearAfter);
        return new Update(after, events, answered);
    }
}
