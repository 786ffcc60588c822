package dev.treaty.observe;

import dev.treaty.core.event.Side;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.config.MeterFilter;
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
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Publishes the metrics of a process for Prometheus, in a Micrometer registry to which an application may add its own
 * meters.
 *
 * <p>A scrape reads the counts of {@link MetricsRecorder}, whose limits also limit the labels.
 */
public final class PrometheusExporter implements AutoCloseable {
    /** The content type of {@link #scrape()}. */
    public static final String CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

    /** The upper bounds of the latency buckets, in milliseconds; another bucket has no bound. */
    private static final long[] BOUNDS_MILLIS = {1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000};

    /** The beginning of the names of all metrics of Treaty. */
    private static final String PREFIX = "treaty_";

    private static final long MICROS_PER_MILLI = 1_000;
    private static final double MILLIS_PER_SECOND = 1_000;

    private final MetricsRecorder metrics;
    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);

    /** Publishes the counts of a recorder. */
    public PrometheusExporter(MetricsRecorder metrics) {
        this.metrics = metrics;
        registry.config().meterFilter(MeterFilter.deny(this::isReserved));
        registry.getPrometheusRegistry().register(this::collect);
    }

    private boolean isReserved(Meter.Id meter) {
        String name = meter.getConventionName(registry.config().namingConvention());
        if (name.startsWith(PREFIX)) {
            throw new IllegalArgumentException("the metric " + name + " has a name that is reserved for Treaty");
        }
        return false;
    }

    /**
     * The registry to which an application may add its own meters. It rejects names that begin with {@code treaty},
     * because two metrics with one name would fail every scrape.
     */
    public MeterRegistry registry() {
        return registry;
    }

    /** Returns the current metrics in the text format of Prometheus. */
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
                counter("treaty_attempts", "Attempts of calls", client, ServiceMetrics::attempts),
                counter("treaty_retries", "Failed attempts that were retried", client, ServiceMetrics::retries),
                counter(
                        "treaty_retries_refused",
                        "Retryable failed attempts that were not retried",
                        client,
                        ServiceMetrics::retriesRefused),
                counter(
                        "treaty_breaker_openings",
                        "How often circuit breakers opened",
                        client,
                        ServiceMetrics::breakerOpenings),
                counter("treaty_ejections", "How often instances were ejected", client, ServiceMetrics::ejections),
                counter("treaty_mirrored", "Mirrored calls", client, ServiceMetrics::mirrored),
                counter("treaty_registry_problems", "Problems with registries", metrics.registryProblems()),
                counter("treaty_thread_failures", "Failures of background threads", metrics.threadFailures()),
                counter("treaty_settings_refused", "Changes of settings that were refused", metrics.settingsRefused()),
                gauge("treaty_settings_generation", "Generation of the settings", (double)
                        metrics.settingsGeneration()),
                gauge(
                        "treaty_settings_seconds",
                        "Seconds since the generation of the settings came into force",
                        metrics.settingsSeconds()),
                fallbacks(client),
                instances("treaty_instances", "Instances by health", "health", client, InstanceMetrics::health),
                instances("treaty_breakers", "Instances by breaker state", "state", client, InstanceMetrics::breaker));
    }

    private static HistogramSnapshot latencies(List<ServiceMetrics> services) {
        var histogram = HistogramSnapshot.builder().name("treaty_calls_seconds").help("Latency of calls");
        forEachOperation(services, (labels, total) -> {
            var sum = new StatisticsSum();
            sum.add(total);
            histogram.dataPoint(HistogramDataPointSnapshot.builder()
                    .labels(labels)
                    .classicHistogramBuckets(buckets(sum))
                    .sum(sum.secondsSum())
                    .build());
        });
        return histogram.build();
    }

    private static void forEachOperation(List<ServiceMetrics> services, BiConsumer<Labels, CallStatistics> consumer) {
        for (ServiceMetrics service : services) {
            Labels labels = labels(service).add("side", service.side().name().toLowerCase(Locale.ROOT));
            service.operations()
                    .forEach(each -> consumer.accept(labels.add("operation", each.operation()), each.total()));
        }
    }

    private static ClassicHistogramBuckets buckets(StatisticsSum sum) {
        var buckets = ClassicHistogramBuckets.builder();
        long below = 0;
        long counted = 0;
        for (long bound : BOUNDS_MILLIS) {
            long micros = sum.boundary(bound * MICROS_PER_MILLI);
            long count = sum.countBetween(below, micros);
            buckets.bucket(bound / MILLIS_PER_SECOND, count);
            counted += count;
            below = micros;
        }
        return buckets.bucket(Double.POSITIVE_INFINITY, sum.requests() - counted)
                .build();
    }

    private static CounterSnapshot calls(List<ServiceMetrics> services) {
        var counter = CounterSnapshot.builder().name("treaty_calls").help("Calls by code, ok for successes");
        forEachOperation(services, (labels, total) -> {
            counter.dataPoint(count(labels.add("code", "ok"), total.successes()));
            total.errors().forEach((code, errors) -> counter.dataPoint(count(labels.add("code", code.wire()), errors)));
        });
        return counter.build();
    }

    private static CounterSnapshot counter(
            String name, String help, List<ServiceMetrics> services, Function<ServiceMetrics, Long> value) {
        var counter = CounterSnapshot.builder().name(name).help(help);
        services.forEach(service -> counter.dataPoint(count(labels(service), value.apply(service))));
        return counter.build();
    }

    private static CounterSnapshot counter(String name, String help, long value) {
        return CounterSnapshot.builder()
                .name(name)
                .help(help)
                .dataPoint(count(Labels.EMPTY, value))
                .build();
    }

    private static GaugeSnapshot gauge(String name, String help, double value) {
        return GaugeSnapshot.builder()
                .name(name)
                .help(help)
                .dataPoint(GaugeDataPointSnapshot.builder().value(value).build())
                .build();
    }

    private static CounterSnapshot fallbacks(List<ServiceMetrics> services) {
        var counter = CounterSnapshot.builder().name("treaty_fallbacks").help("Responses from fallbacks");
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
}
