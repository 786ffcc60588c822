package dev.treaty.benchmarks.balance;

import dev.treaty.benchmarks.Benchmark;
import dev.treaty.benchmarks.Figure;
import dev.treaty.benchmarks.Report;
import dev.treaty.benchmarks.Sample;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** What a pick costs, and what one sick instance of ten does to the calls of a service. */
@Command(
        name = "balance",
        description = {
            "What picking an instance costs, against Finagle, gRPC-java, Spring Cloud LoadBalancer and Dubbo; and how"
                + " long calls take while one of ten instances is sick, against Resilience4j, gRPC-java, Finagle and"
                + " HAProxy.",
            "",
            "Takes about 15 minutes, or three with --quick."
        },
        mixinStandardHelpOptions = true,
        sortOptions = false)
public final class BalanceBenchmark extends Benchmark {
    static final Figure TIME = Figure.lower("time", "ns/pick");
    static final Figure ALLOCATION = Figure.lower("allocation", "B/pick");
    private static final Figure MEMORY = Figure.lower("memory", "B/node");
    private static final Figure P50 = Figure.lower("p50", "ms");
    private static final Figure P99 = Figure.lower("p99", "ms");
    private static final Figure P999 = Figure.lower("p99.9", "ms");
    private static final Figure FAILED = Figure.counted("failed");
    private static final Figure CALLS = Figure.counted("calls");
    static final Figure SHARE = Figure.lower("share", "% to the sick");
    static final Figure DEVIATION = Figure.lower("deviation", "points from the weight");

    private static final int RATE_MAX = 20_000;
    private static final double NANOS_PER_MILLI = 1e6;

    /** How long each subject is at work before anything is measured, and how much harder: code gets compiled. */
    private static final Duration WARM_UP = Duration.ofSeconds(6);

    private static final int WARM_UP_RATE = 3;

    /** How long it works after each sickness, with all healthy. */
    private static final Duration RECOVERY = Duration.ofSeconds(1);

    private static final List<String> PARTS = List.of("picks", "weights", "tail");

    @Option(
            names = "--part",
            paramLabel = "NAME",
            split = ",",
            description = "Only this part: picks, weights, tail (default: all).")
    private List<String> parts = PARTS;

    @Option(
            names = "--subjects",
            paramLabel = "NAME",
            split = ",",
            description = "Only these subjects, such as treaty,haproxy (default: all).")
    private List<String> subjects = List.of();

    @Option(names = "--threads", paramLabel = "N", split = ",", description = "How many threads pick (default: 1,2).")
    private List<Integer> threads = List.of(1, 2);

    @Option(names = "--rate", paramLabel = "N", description = "How many calls a second the tail has (default: 400).")
    private int rate = 400;

    @Option(
            names = "--seconds",
            paramLabel = "S",
            description = "How long each sickness lasts (default: 12, or 3 with --quick).")
    private @Nullable Integer seconds;

    @Option(names = "--svg", paramLabel = "FILE", description = "Draw the tail's curves into this file.")
    private @Nullable Path svg;

    @Override
    protected Report measure() throws IOException, InterruptedException {
        check();
        var samples = new ArrayList<Sample>();
        var about = new ArrayList<String>();
        if (parts.contains("picks")) {
            picks(samples);
            about.add("Picks: an instance is picked, a call begins there and ends; by JMH, a process for each figure.");
            about.add("  nN.tM: N instances, M threads. treaty reads the clock twice, treaty-shared not at all.");
            about.add("  grpc and spring know no load, and count nothing.");
        }
        if (parts.contains("weights")) {
            WeightShares.measure(this::progress, samples);
            about.add("Weights: the share of the first of two instances with these weights, on simulated time.");
        }
        if (parts.contains("tail")) {
            about.add(String.format(
                    Locale.ROOT,
                    "Tail: %d calls a second to ten instances that answer after %d ms; calls begin when they are due.",
                    rate,
                    Sickness.USUAL_MILLIS));
            Map<Sickness, Map<String, Histogram>> curves = new EnumMap<>(Sickness.class);
            tail(samples, about, curves);
            if (svg != null) {
                Files.writeString(svg, TailChart.svg(curves));
            }
        }
        about.add("Java " + Runtime.version() + ", " + Runtime.getRuntime().availableProcessors() + " processors.");
        return Report.of(
                "balance",
                about,
                List.of(TIME, ALLOCATION, MEMORY, P50, P99, P999, FAILED, CALLS, SHARE, DEVIATION),
                "treaty",
                samples);
    }

    private void check() {
        if (rate < 1 || rate > RATE_MAX) {
            throw new ParameterException(line(), "--rate " + rate + " is out of range: use 1 to " + RATE_MAX);
        }
        if (seconds != null && (seconds < 1 || seconds > 3_600)) {
            throw new ParameterException(line(), "--seconds " + seconds + " is out of range: use 1 to 3600");
        }
        for (String part : parts) {
            if (!PARTS.contains(part)) {
                throw new ParameterException(line(), "--part " + part + " is unknown: use picks, weights or tail");
            }
        }
        for (int count : threads) {
            if (count < 1 || count > 64) {
                throw new ParameterException(line(), "--threads " + count + " is out of range: use 1 to 64");
            }
        }
    }

    private boolean chosen(String subject) {
        return subjects.isEmpty() || subjects.stream().anyMatch(subject::startsWith);
    }

    private void picks(List<Sample> samples) throws IOException {
        int rounds = quick ? 1 : 3;
        for (int round = 0; round < rounds; round++) {
            for (int count : threads) {
                for (Picks.Measured one : Picks.ALL) {
                    for (int instances : one.counts()) {
                        if (chosen(one.subject()) && !(quick && instances == 1_000)) {
                            String setting = "n" + instances + ".t" + count;
                            progress("round " + (round + 1) + " of " + rounds + ": " + one.subject() + " " + setting);
                            samples.add(new Sample(
                                    one.subject(), setting, round, Picks.run(one, instances, count, quick ? 3 : 6)));
                        }
                    }
                }
            }
        }
        if (chosen("treaty")) {
            samples.add(new Sample("treaty", "memory", 0, Map.of(MEMORY.name(), Picks.bytesPerNode())));
        }
    }

    private void tail(List<Sample> samples, List<String> about, Map<Sickness, Map<String, Histogram>> curves)
            throws IOException, InterruptedException {
        Duration each = Duration.ofSeconds(seconds != null ? seconds : quick ? 3 : 12);
        for (Subject.Named named : Subject.ALL) {
            if (!chosen(named.name())) {
                continue;
            }
            if (named.name().equals("haproxy") && !HaproxySubject.installed()) {
                about.add("  haproxy: left out, it is not installed here.");
                continue;
            }
            about.add("  " + named.name() + ": " + named.about() + ".");
            // For each subject instances of its own: none is affected by the calls of another.
            try (var instances = new InstancesProcess();
                    Subject subject = named.maker().make(instances.httpPorts(), instances.grpcPorts())) {
                progress("warming up " + named.name() + " …");
                OpenLoad.run(subject, WARM_UP_RATE * rate, quick ? WARM_UP.dividedBy(2) : WARM_UP);
                int sick = 0;
                for (Sickness sickness : Sickness.values()) {
                    progress(named.name() + ": " + sickness.word() + " …");
                    // Another one each time: what a balancer has learned of the last is no help.
                    sick++;
                    instances.sicken(sick, sickness);
                    OpenLoad.Outcome outcome = OpenLoad.run(subject, rate, each);
                    List<Long> counts = instances.sicken(sick, Sickness.HEALTHY);
                    samples.add(new Sample(named.name(), sickness.word(), 0, figures(outcome, counts, sick)));
                    curves.computeIfAbsent(sickness, _ -> new LinkedHashMap<>()).put(named.name(), outcome.latencies());
                    OpenLoad.run(subject, rate, RECOVERY);
                }
            }
        }
    }

    private static Map<String, Double> figures(OpenLoad.Outcome outcome, List<Long> counts, int sick) {
        Histogram latencies = outcome.latencies();
        double all = counts.stream().mapToLong(Long::longValue).sum();
        return Map.of(
                P50.name(),
                latencies.getValueAtPercentile(50) / NANOS_PER_MILLI,
                P99.name(),
                latencies.getValueAtPercentile(99) / NANOS_PER_MILLI,
                P999.name(),
                latencies.getValueAtPercentile(99.9) / NANOS_PER_MILLI,
                FAILED.name(),
                (double) outcome.failed(),
                CALLS.name(),
                (double) latencies.getTotalCount(),
                SHARE.name(),
                all == 0 ? 0 : 100 * counts.get(sick) / all);
    }
}
