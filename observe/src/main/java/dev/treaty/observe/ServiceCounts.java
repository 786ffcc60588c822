package dev.treaty.observe;

import dev.treaty.core.call.Origin;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.event.Side;
import dev.treaty.core.text.PrintableText;
import dev.treaty.core.time.Time;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/** The counts of one service on one side. */
final class ServiceCounts {
    /**
     * How long an instance without calls is kept that discovery does not know: an attempt that ends after the removal
     * of its instance adds the instance again, and no event removes it.
     */
    static final Duration UNKNOWN_IDLE_MAX = Duration.ofMinutes(2);

    /** What is counted besides calls and attempts. */
    enum Counter {
        ATTEMPTS,
        RETRIES,
        RETRIES_REFUSED,
        BREAKER_OPENINGS,
        EJECTIONS,
        MIRRORED
    }

    private final Time time;
    private final LimitedMap<String, Series> operations;
    private final LimitedMap<String, Instance> instances;
    private final EnumMap<Counter, LongAdder> counters = adders(Counter.class);
    private final EnumMap<Origin, LongAdder> fallbacks = adders(Origin.class);

    /** One instance; {@code health} is empty if discovery does not know it. */
    private static final class Instance {
        final Series attempts;
        volatile String health = "";
        volatile String breaker = "";

        Instance(Time time) {
            attempts = new Series(time);
        }
    }

    ServiceCounts(Time time, AtomicInteger freeOperations, AtomicInteger freeInstances) {
        this.time = time;
        this.operations = new LimitedMap<>(freeOperations, MetricsRecorder.OTHER, () -> new Series(time));
        this.instances = new LimitedMap<>(freeInstances, MetricsRecorder.OTHER, () -> new Instance(time));
    }

    private static <E extends Enum<E>> EnumMap<E, LongAdder> adders(Class<E> type) {
        var adders = new EnumMap<E, LongAdder>(type);
        for (E constant : type.getEnumConstants()) {
            adders.put(constant, new LongAdder());
        }
        return adders;
    }

    /** @param waitedNanos how long the handler has waited on purpose, which is not latency */
    void called(String operation, ServiceResponse<?> response, long waitedNanos) {
        operations.get(PrintableText.line(operation)).record(response, response.latencyNanos() - waitedNanos);
    }

    void attempted(String instance, ServiceResponse<?> response) {
        count(Counter.ATTEMPTS);
        instances.get(instance).attempts.record(response, response.latencyNanos());
    }

    void count(Counter counter) {
        Objects.requireNonNull(counters.get(counter)).increment();
    }

    void fallback(Origin origin) {
        Objects.requireNonNull(fallbacks.get(origin)).increment();
    }

    void breakerChanged(String instance, String state) {
        String word = PrintableText.line(word(state));
        if (word.equals("open")) {
            count(Counter.BREAKER_OPENINGS);
        }
        if (!instance.isEmpty()) {
            instances.get(instance).breaker = word;
        }
    }

    void reported(ServiceInstance instance) {
        instances.get(instance.id()).health = word(instance.health().status().name());
    }

    void removed(String instance) {
        instances.remove(instance);
    }

    /** Returns the name of an enum constant in lower case with dashes. */
    static String word(String constant) {
        return constant.toLowerCase(Locale.ROOT).replace('_', '-');
    }

    ServiceMetrics metrics(ServiceName service, Side side, Instant startedAt) {
        var minute = new StatisticsSum();
        var total = new StatisticsSum();
        long idleNanos = Long.MAX_VALUE;
        long now = time.nanoTime();
        var operationMetrics = new ArrayList<OperationMetrics>();
        for (var entry : operations.sorted().entrySet()) {
            var ownMinute = new StatisticsSum();
            var ownTotal = new StatisticsSum();
            entry.getValue().addTo(ownMinute, ownTotal);
            minute.add(ownMinute);
            total.add(ownTotal);
            operationMetrics.add(new OperationMetrics(entry.getKey(), ownMinute.result(), ownTotal.result()));
            idleNanos = Math.min(idleNanos, now - entry.getValue().lastNanos());
        }
        return new ServiceMetrics(
                service,
                side,
                minute.result(),
                total.result(),
                operationMetrics,
                instanceMetrics(now),
                sum(Counter.ATTEMPTS),
                sum(Counter.RETRIES),
                sum(Counter.RETRIES_REFUSED),
                fallbackCounts(),
                sum(Counter.BREAKER_OPENINGS),
                sum(Counter.EJECTIONS),
                sum(Counter.MIRRORED),
                operationMetrics.isEmpty() ? startedAt : time.instant().minusNanos(Math.max(0, idleNanos)));
    }

    private long sum(Counter counter) {
        return Objects.requireNonNull(counters.get(counter)).sum();
    }

    private List<InstanceMetrics> instanceMetrics(long now) {
        var metrics = new ArrayList<InstanceMetrics>();
        instances.sorted().forEach((id, instance) -> {
            boolean idle = now - instance.attempts.lastNanos() > UNKNOWN_IDLE_MAX.toNanos();
            if (idle && instance.health.isEmpty()) {
                instances.remove(id);
                return;
            }
            var minute = new StatisticsSum();
            var total = new StatisticsSum();
            instance.attempts.addTo(minute, total);
            metrics.add(new InstanceMetrics(id, instance.health, instance.breaker, minute.result(), total.result()));
        });
        return metrics;
    }

    private Map<Origin, Long> fallbackCounts() {
        var counts = new EnumMap<Origin, Long>(Origin.class);
        fallbacks.forEach((origin, count) -> {
            if (count.sum() > 0) {
                counts.put(origin, count.sum());
            }
        });
        return counts;
    }
}
