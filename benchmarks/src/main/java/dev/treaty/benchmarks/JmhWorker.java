package dev.treaty.benchmarks;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The main class of a process that has JMH measure one benchmark, again and again: once warm, it is asked for a figure
 * in every round, so that rounds can be short, and no other subject's code is compiled together with its own.
 */
public final class JmhWorker {
    /** How many iterations a figure is the median of. */
    public static final int ITERATIONS = 3;

    private static final String ALLOCATION = "gc.alloc.rate.norm";

    /** What JMH itself allocates around millions of calls is no byte of a call. */
    private static final double ALLOCATION_MIN = 0.5;

    private JmhWorker() {}

    /**
     * What it is asked for, as the line that it is sent.
     *
     * @param threads how many call at a time
     * @param warmUp for how long before
     * @param iteration how long each of the {@value #ITERATIONS} iterations lasts
     */
    public record Request(int threads, Duration warmUp, Duration iteration) {
        /** The line that asks for it. */
        public String line() {
            return threads + " " + warmUp.toMillis() + " " + iteration.toMillis();
        }

        static Request of(String line) {
            String[] words = line.split(" ", -1);
            return new Request(
                    Integer.parseInt(words[0]),
                    Duration.ofMillis(Long.parseLong(words[1])),
                    Duration.ofMillis(Long.parseLong(words[2])));
        }

        /** How long it takes. */
        public Duration duration() {
            return warmUp.plus(iteration.multipliedBy(ITERATIONS));
        }
    }

    /**
     * What it found.
     *
     * @param nanos how long a call took, the median of the iterations
     * @param bytes what a call allocated
     * @param cpuNanos processor time of the process meanwhile
     */
    public record Answer(double nanos, double bytes, long cpuNanos) {}

    /** Measures the benchmark that is called like the argument. */
    public static void main(String[] arguments) throws IOException, RunnerException {
        PrintStream answers = System.out;
        System.setOut(System.err); // what JMH and the subjects print is no answer
        var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        var mapper = JsonMapper.builder().build();
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            answers.println(mapper.writeValueAsString(measure(arguments[0], Request.of(line))));
        }
        System.exit(0); // a library's threads may not be daemons
    }

    private static Answer measure(String benchmark, Request request) throws RunnerException {
        long cpu = cpuNanos();
        RunResult result = new Runner(new OptionsBuilder()
                        .include("^" + benchmark.replace(".", "\\.") + "$")
                        .mode(Mode.AverageTime)
                        .timeUnit(TimeUnit.NANOSECONDS)
                        .threads(request.threads)
                        .forks(0)
                        .warmupIterations(1)
                        .warmupTime(TimeValue.milliseconds(request.warmUp.toMillis()))
                        .measurementIterations(ITERATIONS)
                        .measurementTime(TimeValue.milliseconds(request.iteration.toMillis()))
                        .addProfiler(GCProfiler.class)
                        .shouldFailOnError(true)
                        .verbosity(VerboseMode.SILENT)
                        .build())
                .runSingle();
        Result<?> allocation = result.getSecondaryResults().get(ALLOCATION);
        double bytes = allocation == null ? 0 : allocation.getScore();
        return new Answer(
                result.getPrimaryResult().getStatistics().getPercentile(50),
                bytes < ALLOCATION_MIN ? 0 : bytes,
                cpuNanos() - cpu);
    }

    private static long cpuNanos() {
        return ManagementFactory.getPlatformMXBean(com.sun.management.OperatingSystemMXBean.class)
                .getProcessCpuTime();
    }
}
