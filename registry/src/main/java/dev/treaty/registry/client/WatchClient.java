package dev.treaty.registry.client;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.DiscoveryEvent;
import dev.treaty.core.discovery.RemovalReason;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.event.BackgroundThread;
import dev.treaty.core.event.Event;
import dev.treaty.core.time.Promise;
import dev.treaty.registry.RegistryLimits;
import dev.treaty.registry.RegistryProtocol;
import dev.treaty.registry.SelfPreservationPolicy;
import dev.treaty.registry.changes.ChangeLog;
import dev.treaty.registry.changes.InstanceView;
import dev.treaty.registry.changes.WatcherAcks;
import dev.treaty.registry.client.RegistryConnection.Requester;
import dev.treaty.registry.server.Problems;
import dev.treaty.registry.server.RegistryService;
import dev.treaty.registry.server.RegistryTable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * This process's copy of the services that it follows, kept current by one watch for all of them.
 *
 * <p>The watch is a request that the registry answers when something changes; the next request follows immediately. If
 * another service is followed in the meantime, the current request is given up and the new one asks for that service
 * too. Nothing is lost, since the revision advances only with answers that were processed. While the registry is
 * unreachable, the copy stays as it was. A registry that has restarted knows no instances at first, so instances that
 * it does not list are kept until they have had the time to register again.
 */
public final class WatchClient implements AutoCloseable {
    /** The most services that a process may follow: all of them fit into one request. */
    static final int SERVICES_MAX = RegistryLimits.BATCH_MAX;

    /** The most instances of a service. */
    private static final int INSTANCES_MAX = 1_000_000;

    /** How much later than requested an answer may arrive. */
    private static final long SLACK_NANOS = Duration.ofSeconds(5).toNanos();

    /**
     * How long the watchers in this process may take to process that an instance drains before that is acknowledged.
     */
    private static final long DRAIN_NANOS = Duration.ofMillis(250).toNanos();

    private static final long IDLE_NANOS = Duration.ofHours(1).toNanos();

    /** The users of a service in this process. */
    private static final class Interest {
        final Promise<Boolean> loaded = new Promise<>();
        int followers;
    }

    /** How a watch ended. */
    private sealed interface Outcome {
        record Answered(RegistryProtocol.News news) implements Outcome {}

        record Failed(Fault fault) implements Outcome {}

        /** Given up, since another request has to be sent. */
        record Restarted() implements Outcome {}
    }

    private final RegistryConnection connection;
    private final String watcher;
    private final ChangeLog changes = new ChangeLog(ChangeLog.LENGTH_MAX);
    private final WatcherAcks acks = new WatcherAcks();
    private final InstanceView view;
    private final Problems problems;
    private final Map<ServiceName, Interest> interests = new HashMap<>();
    private final Promise<Boolean> ended = new Promise<>();
    private Promise<Outcome> outcome = new Promise<>();
    private volatile WatchState state = WatchState.EMPTY; // written under the monitor
    private long nextCheckNanos = Long.MAX_VALUE; // of the view, from the last one on
    private boolean watching; // whether the registry has a watch of this process
    private volatile @Nullable Fault refused;
    private volatile boolean closed;

    public WatchClient(RegistryConnection connection) {
        this.connection = connection;
        this.watcher = RegistryTable.token(connection.random);
        this.problems = new Problems(connection.address);
        var policy = connection.policy.preservation();
        this.view = new InstanceView(
                changes,
                new SelfPreservationPolicy(policy.evictionRatioMax(), policy.evictionWindow(), Optional.empty()),
                _ -> {});
    }

    public void start() {
        BackgroundThread.virtual("treaty-registry-watch-client", connection.time, connection.events, this::run)
                .start();
    }

    public ChangeLog changes() {
        return changes;
    }

    public WatcherAcks acks() {
        return acks;
    }

    /**
     * Follows a service; returns when its instances are known, or after the patience of the policy.
     *
     * @param permanently whether to follow it until this client is closed, which counts as one follower
     */
    public void follow(ServiceName service, boolean permanently) {
        if (!closed) {
            connection.await(interest(service, permanently).loaded);
        }
    }

    private synchronized Interest interest(ServiceName service, boolean permanently) {
        Interest interest = interests.get(service);
        if (interest == null) {
            if (interests.size() >= SERVICES_MAX) {
                throw new IllegalStateException(
                        "this process follows " + SERVICES_MAX + " services, which is the limit: close unused watches");
            }
            interest = new Interest();
            interests.put(service, interest);
            state = state.with(service);
            restart();
        }
        interest.followers += permanently && interest.followers > 0 ? 0 : 1;
        return interest;
    }

    public synchronized void unfollow(ServiceName service) {
        Interest interest = interests.get(service);
        if (interest != null && --interest.followers == 0) {
            interests.remove(service);
            state = state.without(service);
            view.forget(service);
        }
    }

    /** Returns why the registry, although reachable, cannot answer watches, or that instances are held. */
    public Optional<String> problem() {
        return refusal()
                .or(() -> state.unclear().keySet().stream().findFirst().flatMap(this::unclear))
                .or(problems::text);
    }

    /** Returns why the registry, although reachable, cannot answer watches of a service. */
    public Optional<String> problem(ServiceName service) {
        return refusal().or(() -> unclear(service));
    }

    private Optional<String> refusal() {
        return Optional.ofNullable(refused)
                .map(fault -> "the registry " + connection.address + " refuses to be watched: " + fault.message());
    }

    private Optional<String> unclear(ServiceName service) {
        return Optional.ofNullable(state.unclear().get(service))
                .map(why ->
                        "the registry " + connection.address + " cannot list the instances of " + service + ": " + why);
    }

    /** Sends a new request instead of waiting for an answer that may never arrive. */
    public synchronized void restart() {
        outcome.complete(new Outcome.Restarted());
    }

    /** Stops watching, and notifies the registry, which would otherwise wait for this process when instances drain. */
    @Override
    public void close() {
        closed = true;
        restart();
        connection.await(ended);
    }

    private void run() throws InterruptedException {
        int failures = 0;
        while (!closed) {
            Thread.interrupted(); // set by a subscriber
            long began = connection.time.nanoTime();
            boolean hasty = false;
            switch (watch(begin())) {
                case Outcome.Answered(var news) -> {
                    hasty = news.complete().isEmpty()
                            && news.changes().isEmpty()
                            && connection.time.nanoTime() - began
                                    < connection.policy.pauseMin().toNanos();
                    failures = 0;
                    refused = null;
                }
                case Outcome.Failed(var fault) -> {
                    if (RegistryConnection.isRefusal(fault)) {
                        connection.answered(Requester.WATCH_CLIENT, "");
                        refused = fault;
                    } else {
                        connection.failed(Requester.WATCH_CLIENT, fault);
                    }
                    failures++;
                }
                case Outcome.Restarted _ -> {}
            }
            nextCheckNanos = expire();
            if (failures > 0 || hasty) { // an immediate answer without changes would repeat without end
                begin().await(connection.time, connection.pauseNanos(Math.max(1, failures)));
            }
        }
        leave();
        ended.complete(true);
    }

    private void leave() throws InterruptedException {
        if (watching && connection.problem().isEmpty()) {
            try {
                connection.call(
                        connection.policy.patience().toNanos(),
                        registry -> registry.watch(Map.of(), state.epoch(), 0, watcher));
            } catch (ServiceException e) {
                // The registry notices by itself after the timeout of WatcherAcks.
            }
        }
        watching = false;
    }

    private synchronized Promise<Outcome> begin() {
        outcome = new Promise<>();
        if (closed) {
            restart();
        }
        return outcome;
    }

    private Outcome watch(Promise<Outcome> current) throws InterruptedException {
        WatchState asked = state;
        if (asked.revisions().isEmpty()) {
            leave();
            connection.idle(Requester.WATCH_CLIENT);
            Outcome ended = current.await(connection.time, IDLE_NANOS);
            return ended == null ? new Outcome.Restarted() : ended;
        }
        long waitNanos = Math.min(RegistryService.WAIT_MAX.toNanos(), nextCheckNanos);
        var since = new TreeMap<String, Long>();
        asked.revisions().forEach((service, revision) -> since.put(service.value(), revision));
        watching = true;
        // The request has its own thread, so that giving it up interrupts that thread and never this one.
        Thread request = BackgroundThread.startOnce("treaty-registry-watch", connection.events, () -> {
            try {
                var news = connection.call(
                        waitNanos + SLACK_NANOS,
                        registry -> registry.watch(
                                since,
                                asked.epoch(),
                                Duration.ofNanos(waitNanos).toMillis(),
                                watcher));
                current.complete(new Outcome.Answered(news));
            } catch (ServiceException e) {
                current.complete(new Outcome.Failed(e.fault()));
            } catch (InterruptedException e) {
                current.complete(new Outcome.Restarted());
            } catch (Error e) { // memory is short, for example
                current.complete(new Outcome.Failed(Fault.of(Code.INTERNAL, "the watch failed: " + e)));
                throw e;
            }
        });
        try {
            Outcome ended = current.await(connection.time, waitNanos + 2 * SLACK_NANOS);
            if (ended instanceof Outcome.Answered(var news)) {
                return process(asked.revisions(), withAllPages(news));
            }
            return ended != null
                    ? ended
                    : new Outcome.Failed(Fault.of(Code.DEADLINE_EXCEEDED, "the watch was not answered in time"));
        } catch (ServiceException e) {
            return new Outcome.Failed(e.fault());
        } finally {
            request.interrupt();
        }
    }

    /** Requests the rest of the lists that did not fit into an answer. */
    private RegistryProtocol.News withAllPages(RegistryProtocol.News news) throws InterruptedException {
        var whole = new ArrayList<RegistryProtocol.Complete>();
        for (var complete : news.complete()) {
            var instances = new ArrayList<>(complete.instances());
            for (String next = complete.next(); !next.isEmpty(); ) {
                if (instances.size() > INSTANCES_MAX) {
                    throw new ServiceException(
                            Code.RESOURCE_EXHAUSTED,
                            complete.service() + " has more than " + INSTANCES_MAX + " instances, which is the limit");
                }
                String requested = next;
                var page = connection.call(registry -> registry.page(requested));
                instances.addAll(page.instances());
                next = page.next();
            }
            whole.add(new RegistryProtocol.Complete(complete.service(), instances, ""));
        }
        return new RegistryProtocol.News(
                news.epoch(), news.revision(), whole, news.changes(), news.later(), news.unclear());
    }

    private Outcome process(Map<ServiceName, Long> asked, RegistryProtocol.News news) throws InterruptedException {
        var draining = new HashMap<ServiceName, Long>();
        long before = changes.revision();
        Map<ServiceName, String> unclearBefore = state.unclear();
        WatchState.Update update;
        synchronized (this) {
            try {
                update = state.apply(asked, news, view::confirmed, connection.time.instant());
            } catch (RuntimeException e) { // an answer that cannot be used must not end this thread
                return new Outcome.Failed(
                        Fault.of(Code.INTERNAL, "the registry's answer to a watch cannot be used: " + e));
            }
            state = update.state();
        }
        connection.answered(Requester.WATCH_CLIENT, news.epoch()); // before its instances are visible
        synchronized (this) {
            long now = connection.time.nanoTime();
            for (DiscoveryEvent event : update.events()) {
                ServiceInstance instance = event.instance();
                if (!isCurrent(instance.service(), news)) {
                    continue;
                }
                long known = changes.revision();
                if (event instanceof DiscoveryEvent.Removed(var _, var reason, var at)) {
                    if (RemovalReason.of(reason) == RemovalReason.NOT_REGISTERED_AGAIN) {
                        long grace = connection.policy.grace().toNanos();
                        view.lost(instance.service(), instance.id(), reason, grace, now);
                    } else {
                        view.remove(instance.service(), instance.id(), reason, at);
                    }
                } else if (view.put(instance, 0, now, event.timestamp()) > known
                        && instance.health().status() == ServiceHealth.Status.DRAINING) {
                    draining.put(instance.service(), changes.revision());
                }
            }
            update.answered().forEach(service -> {
                Interest interest = interests.get(service);
                if (interest != null && isCurrent(service, news)) {
                    interest.loaded.complete(true);
                }
            });
        }
        emitSince(before);
        state.unclear().forEach((service, why) -> {
            if (!why.equals(unclearBefore.get(service))) {
                unclear(service).ifPresent(connection::refused);
            }
        });
        for (var each : draining.entrySet()) { // the next request acknowledges that this process calls there no more
            acks.await(each.getKey(), each.getValue(), connection.time, DRAIN_NANOS);
        }
        return new Outcome.Answered(news);
    }

    /** Whether a service is still followed since before an answer: not given up, or followed again, after it. */
    private boolean isCurrent(ServiceName service, RegistryProtocol.News news) {
        return Long.valueOf(news.revision()).equals(state.revisions().get(service));
    }

    /** Removes what the registry has not listed for long enough; returns nanoseconds until the next call. */
    private long expire() {
        long before = changes.revision();
        long left = view.expire(connection.time.nanoTime(), connection.time.instant());
        emitSince(before);
        for (String detail : InstanceView.HELD) {
            Optional<String> problem =
                    view.problem(detail).map(what -> "the registry " + connection.address + ": " + what);
            String over = "no instance of the registry " + connection.address + " is kept as " + detail + " any more";
            problems.set(detail, problem, over, connection.events);
        }
        return left;
    }

    private void emitSince(long revision) {
        changes.readAll(revision)
                .changes()
                .forEach(change -> connection.events.emit(new Event.DiscoveryChanged(change.event())));
    }
}
