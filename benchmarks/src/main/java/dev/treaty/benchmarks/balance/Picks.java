package dev.treaty.benchmarks.balance;

import dev.treaty.core.discovery.ServiceInstance;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** Runs the picks of one subject by JMH, and weighs a node. */
final class Picks {
    private static final int ITERATION_MILLIS = 200;
    private static final int WEIGHED = 20_000;

    /**
     * A benchmark method.
     *
     * @param subject whose it is
     * @param method class and method
     * @param counts with so many instances
     */
    record Measured(String subject, String method, List<Integer> counts) {}

    static final List<Measured> ALL = List.of(
            new Measured("treaty", "TreatyPicks.own", List.of(10, 1_000, 100_000)),
            new Measured("treaty-shared", "TreatyPicks.shared", List.of(10, 1_000, 100_000)),
            new Measured("finagle", "FinaglePicks.own", List.of(10, 1_000, 100_000)),
            new Measured("spring", "SpringPicks.own", List.of(10, 1_000, 100_000)),
            new Measured("dubbo-active", "DubboPicks.leastActive", List.of(10, 1_000)),
            new Measured("dubbo-response", "DubboPicks.shortestResponse", List.of(10, 1_000)),
            new Measured("grpc", "GrpcPicks.own", List.of(10, 1_000)));

    private Picks() {}

    static Map<String, Double> run(Measured one, int count, int threads, int iterations) throws IOException {
        System.setProperty("jmh.ignoreLock", "true"); // another benchmark on the machine is reported, not waited for
        Options options = new OptionsBuilder()
                .include("\\." + one.method().replace(".", "\\.") + "$")
                .param("count", String.valueOf(count))
                .mode(Mode.AverageTime)
                .timeUnit(TimeUnit.NANOSECONDS)
                .threads(threads)
                .forks(1)
                .warmupIterations(iterations)
                .warmupTime(TimeValue.milliseconds(ITERATION_MILLIS))
                .measurementIterations(iterations)
                .measurementTime(TimeValue.milliseconds(ITERATION_MILLIS))
                .addProfiler(GCProfiler.class)
                .jvmArgs("-Xms768m", "-Xmx768m", "-XX:+UseG1GC", "--sun-misc-unsafe-memory-access=allow")
                .shouldFailOnError(true)
                .verbosity(VerboseMode.SILENT)
                .build();
        var said = new ByteArrayOutputStream();
        PrintStream err = System.err;
        System.setErr(new PrintStream(said, true, StandardCharsets.UTF_8));
        try {
            return figures(new Runner(options).runSingle());
        } catch (RunnerException e) {
            throw new IOException(one.method() + " could not be measured: " + said.toString(StandardCharsets.UTF_8), e);
        } finally {
            System.setErr(err);
        }
    }

    private static Map<String, Double> figures(RunResult result) {
        var values = new HashMap<String, Double>();
        values.put(
                BalanceBenchmark.TIME.name(),
                result.getPrimaryResult().getStatistics().getPercentile(50));
        Result<?> allocation = result.getSecondaryResults().get("gc.alloc.rate.norm");
        if (allocation != null) {
            // What JMH itself allocates around millions of picks is no byte of a pick.
            double bytes = allocation.getScore();
            values.put(BalanceBenchmark.ALLOCATION.name(), bytes < 0.5 ? 0 : bytes);
        }
        return values;
    }

    /** What balancing keeps for one instance, beside the instance itself: load, state, its part of the snapshot. */
    static double bytesPerNode() {
        List<ServiceInstance> instances = TreatyPicks.instances(WEIGHED);
        long before = used();
        var balanced = TreatyPicks.balanced(instances);
        double bytes = (double) (used() - before) / WEIGHED;
        if (balanced.all(System.nanoTime()).size() != instances.size()) {
            throw new IllegalStateException("the measured instances were collected");
        }
        return bytes;
    }

    private static long used() {
        var memory = ManagementFactory.getMemoryMXBean();
        long used = Long.MAX_VALUE;
        for (int i = 0; i < 3; i++) {
            memory.gc();
            used = Math.min(used, memory.getHeapMemoryUsage().getUsed());
        }
        return used;
    }
}
