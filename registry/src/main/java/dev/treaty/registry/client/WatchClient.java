package dev.treaty.registry.client;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.event.Event;
import dev.treaty.core.event.Events;
import dev.treaty.core.time.Promise;
import dev.treaty.registry.RegistryLimits;
import dev.treaty.registry.RegistryProtocol;
import dev.treaty.registry.changes.ChangeLog;
import dev.treaty.registry.changes.WatcherAcks;
import dev.treaty.registry.server.RegistryService;
import dev.treaty.registry.server.RegistryTable;
import dev.treaty.registry.server.SelfPreservation;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * This process's copy of the services it follows, kept current by one watch that carries them all.
 *
 * <p>The watch is a request that the registry answers when something changes; the next one follows at once. Where
 * another service is to be followed meanwhile, the request under way is given up and a new one asks for that service
 * too: nothing is lost, since the revision moves on only with answers that were taken in. What a registry in trouble
 * does not say is no news: the copy stays as it was. A registry that started anew knows nobody at first, so instances
 * that it does not name are kept until they have had the time to register again.
 */
public final class WatchClient implements AutoCloseable {
    /** The most services that a process may follow; all of them fit into one request. */
    static final int SERVICES_MAX = RegistryLimits.BATCH_MAX;

    /** The most instances that a service may have. */
    private static final int INSTANCES_MAX = 1_000_000;

    private static final int LOG = 4_096;

    /** How much later than asked for an answer may come. */
    private static final long SLACK_NANOS = Duration.ofSeconds(5).toNanos();

    /** How long an answer that says that an instance drains waits for the watchers in this process to hear it. */
    private static final long DRAIN_NANOS = Duration.ofMillis(250).toNanos();

    private static final long IDLE_NANOS = Duration.ofHours(1).toNanos();

    /** A service that is followed. */
    private static final class Followed {
        final Promise<Boolean> loaded = new Promise<>();
        int followers;
        long revision;
        boolean restarted; // and this registry has not told yet whom it knows
    }

    /** How a turn of the loop ended. */
    private sealed interface Outcome {
        record Answered(RegistryProtocol.News news) implements Outcome {}

        record Failed(Fault fault) implements Outcome {}

        /** Something is to be asked otherwise. */
        record Restarted() implements Outcome {}
    }

    private record Missing(ServiceName service, long untilNanos) {}

    private final RegistryConnection upstream;
    private final String watcher;
    private final Events events;
    private final ReentrantLock lock = new ReentrantLock();
    private final ChangeLog catalog = new ChangeLog(lock, LOG);
    private final Map<ServiceName, Followed> followed = new TreeMap<>();
    private final Map<String, Missing> missing = new HashMap<>();
    private final WatcherAcks audience = new WatcherAcks();
    private final SelfPreservation preservation;
    private final Thread thread =
            Thread.ofVirtual().name("treaty-registry-replica").unstarted(this::run);
    private Promise<Outcome> turn = new Promise<>();
    private final Promise<Boolean> ended = new Promise<>();
    private String epoch = "";
    private boolean following; // the registry believes that this process follows something
    private volatile @Nullable Fault refused;
    private volatile Map<ServiceName, String> unclear = Map.of(); // why, of each that the registry cannot tell of now
    private volatile boolean closed;

    public WatchClient(RegistryConnection upstream, Events events) {
        this.upstream = upstream;
        this.watcher = RegistryTable.token(upstream.random);
        this.events = events;
        this.preservation = new SelfPreservation(upstream.policy.preservation());
    }

    public void start() {
        thread.start();
    }

    public ChangeLog catalog() {
        return catalog;
    }

    public WatcherAcks audience() {
        return audience;
    }

    /**
     * Follows a service; returns when its instances are known, or when the policy's patience is over.
     *
     * @param once whether to follow it only where nobody does yet, and then for good
     */
    public void follow(ServiceName service, boolean once) {
        if (closed) {
            return;
        }
        Followed entry;
        lock.lock();
        try {
            entry = followed.get(service);
            if (entry == null) {
                if (followed.size() >= SERVICES_MAX) {
                    throw new IllegalStateException(
                            "this process follows " + SERVICES_MAX + " services already: close watches that are done");
                }
                entry = new Followed();
                followed.put(service, entry);
                turn.complete(new Outcome.Restarted());
            }
            if (!once || entry.followers == 0) {
                entry.followers++;
            }
        } finally {
            lock.unlock();
        }
        try {
            entry.loaded.await(upstream.time, upstream.policy.patience().toNanos());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    public void unfollow(ServiceName service) {
        lock.lock();
        try {
            Followed entry = followed.get(service);
            if (entry != null && --entry.followers == 0) {
                followed.remove(service);
                catalog.forget(service);
                missing.values().removeIf(m -> m.service.equals(service));
            }
        } finally {
            lock.unlock();
        }
    }

    /** Why the registry does not say what is new, although it answers. */
    public Optional<String> problem() {
        return refusal().or(() -> unclear.values().stream().findFirst());
    }

    /** Why the registry does not say what is new of that service, although it answers. */
    public Optional<String> problem(ServiceName service) {
        return refusal().or(() -> Optional.ofNullable(unclear.get(service)));
    }

    private Optional<String> refusal() {
        return Optional.ofNullable(refused)
                .map(fault -> "the registry " + upstream.address + " refuses to be watched: " + fault.message());
    }

    /** Asks anew, rather than wait for an answer that may never come. */
    public void restart() {
        lock.lock();
        try {
            turn.complete(new Outcome.Restarted());
        } finally {
            lock.unlock();
        }
    }

    /** Follows nothing any more, and tells the registry, which would otherwise wait for this process in a drain. */
    @Override
    public void close() {
        closed = true;
        restart();
        try {
            ended.await(upstream.time, upstream.policy.patience().toNanos());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void leave() throws InterruptedException {
        if (following && upstream.problem().isEmpty()) {
            try {
                upstream.ask(
                        upstream.policy.patience().toNanos(), registry -> registry.watch(Map.of(), epoch, 0, watcher));
            } catch (ServiceException e) {
                // It finds out by itself, two seconds later.
            }
        }
        following = false;
    }

    private void run() {
        try {
            int failures = 0;
            while (!closed) {
                Promise<Outcome> current = begin();
                long began = upstream.time.nanoTime();
                Outcome outcome = turn(current, followedNow());
                boolean hasty = false;
                switch (outcome) {
                    case Outcome.Answered(var news) -> {
                        upstream.answered(RegistryConnection.Asker.REPLICA, news.epoch());
                        hasty = news.complete().isEmpty()
                                && news.changes().isEmpty()
                                && upstream.time.nanoTime() - began
                                        < upstream.policy.pauseMin().toNanos();
                        failures = 0;
                        refused = null;
                    }
                    case Outcome.Failed(var fault) -> {
                        if (RegistryConnection.refusal(fault)) {
                            upstream.answered(RegistryConnection.Asker.REPLICA, "");
                            refused = fault;
                        } else {
                            upstream.failed(RegistryConnection.Asker.REPLICA, fault);
                        }
                        failures++;
                    }
                    case Outcome.Restarted _ -> {}
                }
                expireMissing();
                if (failures > 0 || hasty) { // an answer without news that came at once would come again and again
                    begin().await(upstream.time, upstream.pauseNanos(Math.max(1, failures)));
                }
            }
            leave();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            ended.complete(true);
        }
    }

    private Promise<Outcome> begin() {
        lock.lock();
        try {
            turn = new Promise<>();
            if (closed) {
                turn.complete(new Outcome.Restarted());
            }
            return turn;
        } finally {
            lock.unlock();
        }
    }

    private Map<ServiceName, Followed> followedNow() {
        lock.lock();
        try {
            return new TreeMap<>(followed);
        } finally {
            lock.unlock();
        }
    }

    private Outcome turn(Promise<Outcome> current, Map<ServiceName, Followed> asked) throws InterruptedException {
        if (asked.isEmpty()) {
            leave();
            upstream.idle(RegistryConnection.Asker.REPLICA);
            Outcome outcome = current.await(upstream.time, IDLE_NANOS);
            return outcome == null ? new Outcome.Restarted() : outcome;
        }
        long waitNanos = waitNanos();
        String of = epoch;
        var since = new TreeMap<String, Long>();
        asked.forEach((service, entry) -> since.put(service.value(), entry.revision));
        following = true;
        // The request has a thread of its own, so that giving it up interrupts that one and never this.
        Thread request = Thread.ofVirtual().name("treaty-registry-watch").start(() -> {
            try {
                var news = upstream.ask(
                        waitNanos + SLACK_NANOS,
                        registry -> registry.watch(
                                since, of, Duration.ofNanos(waitNanos).toMillis(), watcher));
                current.complete(new Outcome.Answered(news));
            } catch (ServiceException e) {
                current.complete(new Outcome.Failed(e.fault()));
            } catch (InterruptedException e) {
                current.complete(new Outcome.Restarted()); // given up: nobody waits for it
            }
        });
        try {
            Outcome outcome = current.await(upstream.time, waitNanos + 2 * SLACK_NANOS);
            if (outcome instanceof Outcome.Answered(var news)) {
                return take(asked, pages(news));
            }
            return outcome != null
                    ? outcome
                    : new Outcome.Failed(Fault.of(Code.DEADLINE_EXCEEDED, "the watch was not answered in time"));
        } catch (ServiceException e) {
            return new Outcome.Failed(e.fault());
        } finally {
            request.interrupt();
        }
    }

    /** The same news with the whole of the sets that did not fit into one answer. */
    private RegistryProtocol.News pages(RegistryProtocol.News news) throws InterruptedException {
        if (news.complete().stream().allMatch(complete -> complete.next().isEmpty())) {
            return news;
        }
        var whole = new ArrayList<RegistryProtocol.Complete>();
        for (var complete : news.complete()) {
            var instances = new ArrayList<>(complete.instances());
            for (String next = complete.next(); !next.isEmpty(); ) {
                if (instances.size() > INSTANCES_MAX) {
                    throw new ServiceException(
                            Code.RESOURCE_EXHAUSTED,
                            complete.service() + " has more than " + INSTANCES_MAX + " instances, which is the limit");
                }
                String asked = next;
                var page = upstream.ask(RegistryConnection.REQUEST_NANOS, registry -> registry.page(asked));
                instances.addAll(page.instances());
                next = page.next();
            }
            whole.add(new RegistryProtocol.Complete(complete.service(), instances, ""));
        }
        return new RegistryProtocol.News(
                news.epoch(), news.revision(), whole, news.changes(), news.later(), news.unclear());
    }

    /** Until the first of the missing instances has had its time, at most as long as a registry waits. */
    private long waitNanos() {
        long wait = RegistryService.WAIT_MAX.toNanos();
        long now = upstream.time.nanoTime();
        lock.lock();
        try {
            for (Missing m : missing.values()) {
                wait = Math.min(wait, Math.max(1, m.untilNanos - now));
            }
            return wait;
        } finally {
            lock.unlock();
        }
    }

    private Outcome take(Map<ServiceName, Followed> asked, RegistryProtocol.News news) throws InterruptedException {
        var draining = new HashMap<ServiceName, Long>();
        Instant now = upstream.time.instant();
        long before = catalog.revision();
        Map<ServiceName, String> unclearBefore = unclear;
        lock.lock();
        try {
            if (!epoch.isEmpty() && !epoch.equals(news.epoch())) {
                followed.values().forEach(entry -> {
                    entry.revision = 0;
                    entry.restarted = true;
                });
            }
            asked.entrySet().removeIf(e -> followed.get(e.getKey()) != e.getValue()); // given up meanwhile
            for (var complete : news.complete()) {
                var service = new ServiceName(complete.service());
                Followed entry = asked.get(service);
                if (entry != null) {
                    replace(service, complete.instances(), entry.restarted, now);
                }
            }
            for (var change : news.changes()) {
                ServiceInstance instance = change.instance().read(now);
                if (asked.containsKey(instance.service())) {
                    missing.remove(instance.id());
                    if (change.kind() == RegistryProtocol.Kind.REMOVED) {
                        catalog.remove(instance.service(), instance.id(), change.reason(), change.timestamp());
                    } else {
                        long revision = catalog.put(instance, change.timestamp());
                        if (revision > 0 && instance.health().status() == ServiceHealth.Status.DRAINING) {
                            draining.put(instance.service(), revision);
                        }
                    }
                }
            }
            epoch = news.epoch();
            for (String later : news.later().orElse(List.of())) {
                asked.remove(new ServiceName(later));
            }
            unclear(asked, news.unclear().orElse(Map.of()));
            for (Followed entry : asked.values()) {
                entry.revision = news.revision();
                entry.restarted = false;
                entry.loaded.complete(true);
            }
        } catch (RuntimeException e) { // what other programs answer must not end this thread
            return new Outcome.Failed(Fault.of(Code.INTERNAL, "the registry's answer to a watch cannot be used: " + e));
        } finally {
            lock.unlock();
        }
        tell(before);
        unclear.forEach((service, message) -> {
            if (!message.equals(unclearBefore.get(service))) {
                upstream.refused(message);
            }
        });
        for (var each : draining.entrySet()) { // asking on tells the registry that this process calls there no more
            audience.await(each.getKey(), each.getValue(), upstream.time, DRAIN_NANOS);
        }
        return new Outcome.Answered(news);
    }

    /** Notes what the registry cannot tell about now. */
    private void unclear(Map<ServiceName, Followed> asked, Map<String, String> why) {
        var now = new TreeMap<ServiceName, String>();
        why.forEach((name, reason) -> {
            var service = new ServiceName(name);
            asked.remove(service);
            now.put(service, "the registry " + upstream.address + " cannot tell who offers " + service + ": " + reason);
        });
        unclear = now;
    }

    private void replace(
            ServiceName service, List<RegistryProtocol.Instance> instances, boolean restarted, Instant now) {
        var named = new HashSet<String>();
        for (var wire : instances) {
            ServiceInstance instance = wire.read(now);
            named.add(instance.id());
            missing.remove(instance.id());
            catalog.put(instance, now);
        }
        long until = upstream.time.nanoTime() + upstream.policy.grace().toNanos();
        for (ServiceInstance known : catalog.roster(service)) {
            if (named.contains(known.id())) {
                continue;
            }
            if (restarted) {
                missing.putIfAbsent(known.id(), new Missing(service, until));
            } else if (!missing.containsKey(known.id())) {
                catalog.remove(service, known.id(), "gone while the registry could not be followed", now);
            }
        }
    }

    private void expireMissing() {
        long before = catalog.revision();
        lock.lock();
        try {
            long now = upstream.time.nanoTime();
            for (var entry : List.copyOf(missing.entrySet())) {
                ServiceName service = entry.getValue().service;
                if (entry.getValue().untilNanos - now > 0) {
                    continue;
                }
                long wait =
                        preservation.tryRemove(service, catalog.roster(service).size(), catalog.size(), now);
                if (wait > 0) { // too many at once: more likely the registry's fault than theirs
                    missing.put(entry.getKey(), new Missing(service, now + wait));
                    continue;
                }
                missing.remove(entry.getKey());
                catalog.remove(
                        service,
                        entry.getKey(),
                        "did not register again after the registry restarted",
                        upstream.time.instant());
            }
        } finally {
            lock.unlock();
        }
        tell(before);
    }

    private void tell(long since) {
        catalog.readAll(since).changes().forEach(change -> events.emit(new Event.DiscoveryChanged(change.event())));
    }
}
