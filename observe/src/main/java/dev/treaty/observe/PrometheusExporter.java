package dev.treaty.observe;

import dev.treaty.core.call.Code;
import dev.treaty.core.event.Side;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot.HistogramDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Publishes the metrics of a process for Prometheus, in a registry of Micrometer's to which an application may add
 * meters of its own.
 *
 * <p>Nothing is counted twice: a scrape reads what {@link MetricsRecorder} has counted. So what it has forgotten is not
 * published either, and its limits bound the labels.
 */
public final class PrometheusExporter implements AutoCloseable {
    /** What {@link #scrape()} returns, for the header of a response. */
    public static final String CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

    /** Upper bounds of the latency buckets, in milliseconds; one more holds the rest. */
    private static final long[] BOUNDS_MILLIS = {1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000};

    private static final long MICROS_PER_MILLI = 1_000;
    private static final double MILLIS_PER_SECOND = 1_000;

    private final MetricsRecorder metrics;
    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);

    /** Publishes what the recorder counts. */
    public PrometheusExporter(MetricsRecorder metrics) {
        this.metrics = metrics;
        registry.getPrometheusRegistry().register(this::collect);
    }

    /** Where an application may register meters of its own. */
    public MeterRegistry registry() {
        return registry;
    }

    /** Everything as it is now, in the text format of Prometheus. */
    public String scrape() {
        return registry.scrape(CONTENT_TYPE);
    }

    /** Closes the registry. */
    @Override
    public void close() {
        registry.close();
    }

    private MetricSnapshots collect() {
        List<ServiceMetrics> client = metrics.metrics(Side.CLIENT);
        var all = new ArrayList<>(client);
        all.addAll(metrics.metrics(Side.SERVER));
        return MetricSnapshots.of(
                latencies(all),
                calls(all),
                counter("treaty_attempts", "Attempts that calls took", client, ServiceMetrics::attempts),
                counter("treaty_retries", "Failed attempts followed by another", client, ServiceMetrics::retries),
                counter(
                        "treaty_retries_refused",
                        "Failed attempts not repeated though they might have been",
                        client,
                        ServiceMetrics::retriesRefused),
                counter(
                        "treaty_breaker_openings",
                        "How often circuit breakers opened",
                        client,
                        ServiceMetrics::breakerOpenings),
                counter(
                        "treaty_ejections",
                        "How often instances were ejected because they did worse than the others",
                        client,
                        ServiceMetrics::ejections),
                counter("treaty_mirrored", "Calls copied to a mirror", client, ServiceMetrics::mirrored),
                fallbacks(client),
                instances("treaty_instances", "Instances by health", "health", client, InstanceMetrics::health),
                instances("treaty_breakers", "Instances by breaker state", "state", client, InstanceMetrics::breaker));
    }

    private static HistogramSnapshot latencies(List<ServiceMetrics> services) {
        var histogram = HistogramSnapshot.builder().name("treaty_calls_seconds").help("Latency of calls");
        for (ServiceMetrics service : services) {
            for (OperationMetrics operation : service.operations()) {
                var tally = new StatisticsSum();
                tally.add(operation.total());
                histogram.dataPoint(HistogramDataPointSnapshot.builder()
                        .labels(labels(service, operation))
                        .classicHistogramBuckets(buckets(tally))
                        .sum(tally.secondsSum())
                        .build());
            }
        }
        return histogram.build();
    }

    private static ClassicHistogramBuckets buckets(StatisticsSum tally) {
        var buckets = ClassicHistogramBuckets.builder();
        long below = 0;
        long counted = 0;
        for (long bound : BOUNDS_MILLIS) {
            long micros = tally.boundary(bound * MICROS_PER_MILLI);
            long count = tally.countBetween(below, micros);
            buckets.bucket(bound / MILLIS_PER_SECOND, count);
            counted += count;
            below = micros;
        }
        return buckets.bucket(Double.POSITIVE_INFINITY, tally.requests() - counted)
                .build();
    }

    private static CounterSnapshot calls(List<ServiceMetrics> services) {
        var counter = CounterSnapshot.builder().name("treaty_calls").help("Calls by code; ok for those that succeeded");
        for (ServiceMetrics service : services) {
            for (OperationMetrics operation : service.operations()) {
                Labels labels = labels(service, operation);
                counter.dataPoint(
                        count(labels.add("code", "ok"), operation.total().successes()));
                for (Map.Entry<Code, Long> error : operation.total().errors().entrySet()) {
                    counter.dataPoint(count(labels.add("code", error.getKey().wire()), error.getValue()));
                }
            }
        }
        return counter.build();
    }

    private static CounterSnapshot counter(
            String name, String help, List<ServiceMetrics> services, Function<ServiceMetrics, Long> value) {
        var counter = CounterSnapshot.builder().name(name).help(help);
        services.forEach(service -> counter.dataPoint(count(labels(service), value.apply(service))));
        return counter.build();
    }

    private static CounterSnapshot fallbacks(List<ServiceMetrics> services) {
        var counter = CounterSnapshot.builder().name("treaty_fallbacks").help("Answers given by fallbacks");
        for (ServiceMetrics service : services) {
            service.fallbacks()
                    .forEach((origin, count) -> counter.dataPoint(count(
                            labels(service).add("origin", origin.name().toLowerCase(Locale.ROOT)), count)));
        }
        return counter.build();
    }

    private static GaugeSnapshot instances(
            String name,
            String help,
            String label,
            List<ServiceMetrics> services,
            Function<InstanceMetrics, String> group) {
        var gauge = GaugeSnapshot.builder().name(name).help(help);
        for (ServiceMetrics service : services) {
            Map<String, Long> groups = service.instances().stream()
                    .map(group)
                    .filter(word -> !word.isEmpty())
                    .collect(Collectors.groupingBy(word -> word, TreeMap::new, Collectors.counting()));
            groups.forEach((word, count) -> gauge.dataPoint(GaugeDataPointSnapshot.builder()
                    .labels(labels(service).add(label, word))
                    .value(count)
                    .build()));
        }
        return gauge.build();
    }

    private static CounterDataPointSnapshot count(Labels labels, long value) {
        return CounterDataPointSnapshot.builder()
                .labels(labels)
                .value((double) value)
                .build();
    }

    private static Labels labels(ServiceMetrics service) {
        return Labels.of("service", service.service().value());
    }

    private static Labels labels(ServiceMetrics service, OperationMetrics operation) {
        return labels(service)
                .add("side", service.side().name().toLowerCase(Locale.ROOT))
                .add("operation", operation.operation());
    }
}
