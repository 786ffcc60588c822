package dev.treaty.observe;

import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.DiscoveryEvent;
import dev.treaty.core.event.Event;
import dev.treaty.core.event.Events;
import dev.treaty.core.event.Side;
import dev.treaty.core.time.Time;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The metrics of a process: counts what the stream of events tells, and answers how each service does now. Counting
 * costs less than a hundred nanoseconds, allocates nothing and never waits; asking costs about a tenth of a millisecond
 * for each operation and instance.
 *
 * <p>Memory is bounded: {@value #SERVICES_MAX} services on each side, {@value #OPERATIONS_MAX} operations and
 * {@value #INSTANCES_MAX} instances in all. What comes beyond is counted under the name {@value #OTHER}. Instances are
 * forgotten when discovery says that they are gone.
 */
public final class MetricsRecorder implements Events {
    /** The name that stands for everything beyond a limit. */
    public static final String OTHER = "other";

    /** The most services counted by name on each side. */
    public static final int SERVICES_MAX = 512;

    /** The most operations counted by name, of all services on both sides. */
    public static final int OPERATIONS_MAX = 1024;

    /** The most instances counted by id, of all services. */
    public static final int INSTANCES_MAX = 1024;

    private final Time time;
    private final Instant startedAt;
    private final Quota operations = new Quota(OPERATIONS_MAX);
    private final Quota instances = new Quota(INSTANCES_MAX);
    private final Book client = new Book();
    private final Book server = new Book();

    /** The services of one side. */
    private final class Book {
        private final Quota quota = new Quota(SERVICES_MAX);
        private final Map<ServiceName, ServiceCounts> byName = new ConcurrentHashMap<>();

        ServiceCounts of(ServiceName service) {
            ServiceCounts known = byName.get(service);
            return known != null ? known : admitted(service);
        }

        private ServiceCounts admitted(ServiceName service) {
            ServiceCounts admitted = byName.computeIfAbsent(service, _ -> quota.take() ? counts() : null);
            return admitted != null ? admitted : byName.computeIfAbsent(new ServiceName(OTHER), _ -> counts());
        }

        private ServiceCounts counts() {
            return new ServiceCounts(time, operations, instances);
        }
    }

    /** Counts from now on. */
    public MetricsRecorder(Time time) {
        this.time = time;
        this.startedAt = time.instant();
    }

    @Override
    public void emit(Event event) {
        switch (event) {
            case Event.CallEnded(var side, var call, var response) ->
                book(side).of(call.service()).operation(call.operation().name()).record(response);
            case Event.AttemptEnded(var call, var instance, var response) ->
                client.of(call.service()).attempted(instance.id(), response);
            case Event.RetryScheduled(var call, var _, var _) ->
                client.of(call.service()).retried();
            case Event.RetryRefused(var call, var _, var _) ->
                client.of(call.service()).refused();
            case Event.FallbackServed(var call, var _, var origin) ->
                client.of(call.service()).served(origin);
            case Event.BreakerChanged(var service, var instance, var _, var after, var _) ->
                client.of(service).breaker(instance, after);
            case Event.EjectionChanged(var service, var _, var ejected, var _) -> {
                if (ejected) {
                    client.of(service).ejected();
                }
            }
            case Event.CallMirrored(var call, var _, var _) ->
                client.of(call.service()).mirrored();
            case Event.DiscoveryChanged(var change) -> discovered(change);
            case Event.RegistryChanged _, Event.HandlerFailed _, Event.PanicChanged _, Event.FaultInjected _ -> {
                // Nothing to count: the view of the instances stays as it is, a mistake ends a call as internal, and
                // what is done to a call by configuration shows in its outcome.
            }
        }
    }

    private void discovered(DiscoveryEvent change) {
        ServiceCounts counts = client.of(change.instance().service());
        if (change instanceof DiscoveryEvent.Removed) {
            counts.removed(change.instance().id());
        } else {
            counts.seen(change.instance());
        }
    }

    private Book book(Side side) {
        return side == Side.CLIENT ? client : server;
    }

    /** The services that something is known of, by name. */
    public Set<ServiceName> services(Side side) {
        return new TreeSet<>(book(side).byName.keySet());
    }

    /** How that service does, seen from that side; nothing was called where it is not known. */
    public ServiceMetrics metrics(ServiceName service, Side side) {
        @Nullable ServiceCounts counts = book(side).byName.get(service);
        var known = counts != null ? counts : new ServiceCounts(time, operations, instances);
        return known.metrics(service, side, startedAt);
    }

    /** How every service does, seen from that side, by name. */
    public List<ServiceMetrics> metrics(Side side) {
        return services(side).stream().map(service -> metrics(service, side)).toList();
    }

    /** What this process tells about itself. */
    public StatusReport report(String application) {
        return new StatusReport(application, startedAt, time.instant(), metrics(Side.SERVER), metrics(Side.CLIENT));
    }
}
