package dev.treaty.observe;

import dev.treaty.core.call.Origin;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.event.Side;
import dev.treaty.core.time.Time;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/** What is counted of one service on one side. */
final class ServiceCounts {
    /**
     * How long an instance is kept that discovery does not know: an attempt that ends after its instance was removed
     * makes it known once more, and nobody will remove it again.
     */
    static final Duration STRANGER_IDLE_MAX = Duration.ofMinutes(2);

    private final Time time;
    private final Quota operationPlaces;
    private final Quota instancePlaces;
    private final Map<String, Series> operations = new ConcurrentHashMap<>();
    private final Map<String, Instance> instances = new ConcurrentHashMap<>();
    private final LongAdder attempts = new LongAdder();
    private final LongAdder retries = new LongAdder();
    private final LongAdder refusals = new LongAdder();
    private final LongAdder openings = new LongAdder();
    private final LongAdder ejections = new LongAdder();
    private final LongAdder mirrored = new LongAdder();
    private final EnumMap<Origin, LongAdder> fallbacks = new EnumMap<>(Origin.class);

    /** One instance as it is known here; {@code health} is empty while discovery has not told of it. */
    private static final class Instance {
        final Series attempts;
        volatile String health = "";
        volatile String breaker = "";

        Instance(Time time) {
            attempts = new Series(time);
        }
    }

    ServiceCounts(Time time, Quota operationPlaces, Quota instancePlaces) {
        this.time = time;
        this.operationPlaces = operationPlaces;
        this.instancePlaces = instancePlaces;
        for (Origin origin : Origin.values()) {
            fallbacks.put(origin, new LongAdder());
        }
    }

    Series operation(String name) {
        Series known = operations.get(name);
        return known != null ? known : admittedOperation(name);
    }

    private Series admittedOperation(String name) {
        Series admitted = operations.computeIfAbsent(name, _ -> operationPlaces.take() ? new Series(time) : null);
        return admitted != null ? admitted : operations.computeIfAbsent(MetricsRecorder.OTHER, _ -> new Series(time));
    }

    private Instance instance(String id) {
        Instance known = instances.get(id);
        return known != null ? known : admittedInstance(id);
    }

    private Instance admittedInstance(String id) {
        Instance admitted = instances.computeIfAbsent(id, _ -> instancePlaces.take() ? new Instance(time) : null);
        return admitted != null ? admitted : instances.computeIfAbsent(MetricsRecorder.OTHER, _ -> new Instance(time));
    }

    void attempted(String instance, ServiceResponse<?> response) {
        attempts.increment();
        instance(instance).attempts.record(response);
    }

    void retried() {
        retries.increment();
    }

    void refused() {
        refusals.increment();
    }

    void served(Origin origin) {
        Objects.requireNonNull(fallbacks.get(origin)).increment();
    }

    void breaker(String instance, String state) {
        String word = word(state);
        if (word.equals("open")) {
            openings.increment();
        }
        if (!instance.isEmpty()) {
            instance(instance).breaker = word;
        }
    }

    void ejected() {
        ejections.increment();
    }

    void mirrored() {
        mirrored.increment();
    }

    void seen(ServiceInstance instance) {
        instance(instance.id()).health = word(instance.health().status().name());
    }

    void removed(String instance) {
        if (instances.remove(instance) != null && !instance.equals(MetricsRecorder.OTHER)) {
            instancePlaces.giveBack();
        }
    }

    private static String word(String constant) {
        return constant.toLowerCase(Locale.ROOT).replace('_', '-');
    }

    ServiceMetrics metrics(ServiceName service, Side side, Instant startedAt) {
        forgetStrangers();
        var minute = new StatisticsSum();
        var total = new StatisticsSum();
        long idleNanos = Long.MAX_VALUE;
        long now = time.nanoTime();
        var operationMetrics = new ArrayList<OperationMetrics>();
        for (var entry : new TreeMap<>(operations).entrySet()) {
            var ownMinute = new StatisticsSum();
            var ownTotal = new StatisticsSum();
            entry.getValue().addTo(ownMinute, ownTotal);
            minute.add(ownMinute);
            total.add(ownTotal);
            operationMetrics.add(new OperationMetrics(entry.getKey(), ownMinute.figures(), ownTotal.figures()));
            idleNanos = Math.min(idleNanos, now - entry.getValue().lastNanos());
        }
        return new ServiceMetrics(
                service,
                side,
                minute.figures(),
                total.figures(),
                operationMetrics,
                instanceMetrics(),
                attempts.sum(),
                retries.sum(),
                refusals.sum(),
                fallbackCounts(),
                openings.sum(),
                ejections.sum(),
                mirrored.sum(),
                operationMetrics.isEmpty() ? startedAt : time.instant().minusNanos(Math.max(0, idleNanos)));
    }

    private List<InstanceMetrics> instanceMetrics() {
        var metrics = new ArrayList<InstanceMetrics>();
        for (var entry : new TreeMap<>(instances).entrySet()) {
            var minute = new StatisticsSum();
            var total = new StatisticsSum();
            Instance instance = entry.getValue();
            instance.attempts.addTo(minute, total);
            metrics.add(new InstanceMetrics(
                    entry.getKey(), instance.health, instance.breaker, minute.figures(), total.figures()));
        }
        return metrics;
    }

    private Map<Origin, Long> fallbackCounts() {
        var counts = new EnumMap<Origin, Long>(Origin.class);
        fallbacks.forEach((origin, served) -> {
            if (served.sum() > 0) {
                counts.put(origin, served.sum());
            }
        });
        return counts;
    }

    private void forgetStrangers() {
        long now = time.nanoTime();
        instances.forEach((id, instance) -> {
            boolean idle = now - instance.attempts.lastNanos() > STRANGER_IDLE_MAX.toNanos();
            if (idle && instance.health.isEmpty()) {
                removed(id);
            }
        });
    }
}
