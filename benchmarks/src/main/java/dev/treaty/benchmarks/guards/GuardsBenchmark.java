package dev.treaty.benchmarks.guards;

import dev.treaty.benchmarks.Benchmark;
import dev.treaty.benchmarks.Figure;
import dev.treaty.benchmarks.Report;
import dev.treaty.benchmarks.Sample;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
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
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** What guarding a call costs where nothing goes wrong, and where a breaker is open. */
@Command(
        name = "guards",
        description = {
            "What guarding a call costs, in time and memory: each policy alone and the whole guard, against"
                    + " Resilience4j, Failsafe, SmallRye Fault Tolerance, Sentinel and Netflix's concurrency-limits.",
            "",
            "Takes about seven minutes, or a minute and a half with --quick, which leaves out some settings."
        },
        mixinStandardHelpOptions = true,
        sortOptions = false)
public final class GuardsBenchmark extends Benchmark {
    private static final Figure TIME = Figure.lower("time", "ns/call");
    private static final Figure ALLOCATION = Figure.lower("allocation", "B/call");
    private static final Figure MEMORY = Figure.lower("memory", "B/guard");
    private static final String ALLOCATION_IN_JMH = "gc.alloc.rate.norm";
    private static final String MEMORY_SETTING = "memory";

    private static final Set<String> QUICK = Set.of(
            "direct",
            "clock",
            "breaker-time",
            "rate-limiter",
            "limiter-fixed",
            "refused",
            Measured.FULL,
            Measured.DEADLINE);

    /** What a process takes until it measures and after it has. */
    private static final Duration FORK = Duration.ofMillis(550);

    /** What the guards of one subject take to be made and looked at. */
    private static final Duration MEMORY_TIME = Duration.ofMillis(2500);
    private static final Duration ITERATION = Duration.ofMillis(100);
    private static final double WARM_UP_SHARE = 0.55;
    private static final int THREADS_MAX = 64;
    private static final int SECONDS_MAX = 86_400;

    @Option(
            names = "--settings",
            paramLabel = "NAME",
            split = ",",
            description = "Only these settings, such as full,refused (default: all, or some with --quick).")
    private List<String> settings = List.of();

    @Option(
            names = "--subjects",
            paramLabel = "NAME",
            split = ",",
            description = "Only these subjects, such as treaty,resilience4j (default: all).")
    private List<String> subjects = List.of();

    @Option(
            names = "--threads",
            paramLabel = "N",
            split = ",",
            description = "How many threads call at a time (default: 1,2).")
    private List<Integer> threads = List.of(1, 2);

    @Option(
            names = "--rounds",
            paramLabel = "N",
            description = "How often each is measured (default: 3, or 1 with --quick).")
    private @Nullable Integer rounds;

    @Option(
            names = "--seconds",
            paramLabel = "S",
            description = "How long all of it takes (default: 420, or 80 with --quick).")
    private @Nullable Integer seconds;

    @Override
    protected Report measure() throws IOException, InterruptedException {
        int times = rounds != null ? rounds : quick ? 1 : 3;
        int total = seconds != null ? seconds : quick ? 80 : 420;
        check(times, total);
        List<Measured> chosen = Measured.all().stream().filter(this::isChosen).toList();
        List<String> remembering = isChosen(MEMORY_SETTING)
                ? Footprint.SUBJECTS.stream().filter(this::isSubject).toList()
                : List.of();
        if (chosen.isEmpty() && remembering.isEmpty()) {
            throw new ParameterException(
                    line(),
                    "--settings and --subjects leave nothing to measure; subjects are: "
                            + String.join(", ", Measured.subjects()));
        }
        System.setProperty("jmh.ignoreLock", "true"); // another benchmark on the machine is reported, not waited for
        var samples = new ArrayList<Sample>();
        long left = TimeUnit.SECONDS.toNanos(total) - MEMORY_TIME.toNanos() * remembering.size();
        long each = left / Math.max(1, (long) times * chosen.size() * threads.size()) - FORK.toNanos();
        int iterations = (int) Math.max(2, each / ITERATION.toNanos());
        int warmUp = Math.max(1, (int) (iterations * WARM_UP_SHARE));
        for (int round = 0; round < times; round++) {
            for (int count : threads) {
                for (Measured one : chosen) {
                    progress("round " + (round + 1) + " of " + times + ": " + one.subject() + ", "
                            + one.settings().getFirst() + ", " + count + " threads …");
                    Map<String, Double> figures = figures(run(one, count, warmUp, iterations - warmUp));
                    for (String setting : one.settings()) {
                        samples.add(new Sample(one.subject(), setting + ".t" + count, round, figures));
                    }
                }
            }
        }
        for (String subject : remembering) {
            progress("memory of " + subject + " …");
            double bytes = Footprint.bytesPerGuard(subject, quick);
            samples.add(new Sample(subject, MEMORY_SETTING, 0, Map.of(MEMORY.name(), bytes)));
        }
        Report report = Report.of(
                "guards",
                about(times, warmUp, iterations - warmUp),
                List.of(TIME, ALLOCATION, MEMORY),
                Measured.OWN,
                samples);
        return Target.judge(report);
    }

    private void check(int times, int total) {
        for (String setting : settings) {
            if (!Measured.SETTINGS.contains(setting) && !setting.equals(MEMORY_SETTING)) {
                throw new ParameterException(
                        line(),
                        "--settings: there is no setting \"" + setting + "\"; there is: "
                                + String.join(", ", Measured.SETTINGS) + ", " + MEMORY_SETTING);
            }
        }
        if (times < 1) {
            throw new ParameterException(line(), "--rounds " + times + " is out of range: use 1 or more");
        }
        if (total < 1 || total > SECONDS_MAX) {
            throw new ParameterException(line(), "--seconds " + total + " is out of range: use 1 to " + SECONDS_MAX);
        }
        for (int count : threads) {
            if (count < 1 || count > THREADS_MAX) {
                throw new ParameterException(
                        line(), "--threads " + count + " is out of range: use 1 to " + THREADS_MAX);
            }
        }
    }

    private boolean isChosen(Measured one) {
        return isSubject(one.subject()) && one.settings().stream().anyMatch(this::isChosen);
    }

    /** With a subject come its variants. */
    private boolean isSubject(String name) {
        return subjects.isEmpty()
                || subjects.stream().anyMatch(chosen -> name.equals(chosen) || name.startsWith(chosen + "-"));
    }

    private boolean isChosen(String setting) {
        return settings.isEmpty()
                ? !quick || QUICK.contains(setting) || setting.equals(MEMORY_SETTING)
                : settings.contains(setting);
    }

    private static RunResult run(Measured one, int threads, int warmUp, int iterations) throws IOException {
        Options options = new OptionsBuilder()
                .include("^" + one.benchmark().replace(".", "\\.") + "$")
                .mode(Mode.AverageTime)
                .timeUnit(TimeUnit.NANOSECONDS)
                .threads(threads)
                .forks(1)
                .warmupIterations(warmUp)
                .warmupTime(TimeValue.milliseconds(ITERATION.toMillis()))
                .measurementIterations(iterations)
                .measurementTime(TimeValue.milliseconds(ITERATION.toMillis()))
                .addProfiler(GCProfiler.class)
                .jvmArgs(jvmOptions().toArray(String[]::new))
                .shouldFailOnError(true)
                .verbosity(VerboseMode.SILENT)
                .build();
        // What subjects write to their logs, or complain about, is told only where they cannot be measured.
        var said = new ByteArrayOutputStream();
        PrintStream err = System.err;
        System.setErr(new PrintStream(said, true, StandardCharsets.UTF_8));
        try {
            return new Runner(options).runSingle();
        } catch (RunnerException e) {
            throw new IOException(
                    one.benchmark() + " could not be measured: " + said.toString(StandardCharsets.UTF_8), e);
        } finally {
            System.setErr(err);
        }
    }

    /** What every JVM is told. */
    static List<String> jvmOptions() {
        return List.of(
                "-Xms512m",
                "-Xmx512m",
                "-XX:+UseG1GC",
                "--sun-misc-unsafe-memory-access=allow",
                // Sentinel writes files, and would do so in the home directory.
                "-Dcsp.sentinel.log.dir=" + Path.of(System.getProperty("java.io.tmpdir"), "treaty-bench-sentinel"));
    }

    private static Map<String, Double> figures(RunResult result) {
        var values = new HashMap<String, Double>();
        values.put(TIME.name(), result.getPrimaryResult().getStatistics().getPercentile(50));
        Result<?> allocation = result.getSecondaryResults().get(ALLOCATION_IN_JMH);
        if (allocation != null) {
            // What JMH itself allocates around millions of calls is no byte of a call.
            double bytes = allocation.getScore();
            values.put(ALLOCATION.name(), bytes < 0.5 ? 0 : bytes);
        }
        return values;
    }

    private static List<String> about(int rounds, int warmUp, int iterations) {
        return List.of(
                "One guarded call of a method that returns a field, which never fails; refused: by an open breaker.",
                "tN: N threads calling the same guard as fast as they can, by JMH, a new process for each figure.",
                String.format(
                        Locale.ROOT,
                        "Median of %d rounds, and min..max; a round is the median of %d times %d ms after %d ms of"
                                + " warm-up.",
                        rounds,
                        iterations,
                        ITERATION.toMillis(),
                        warmUp * ITERATION.toMillis()),
                "Java " + Runtime.version() + ", " + Runtime.getRuntime().availableProcessors()
                        + " processors; every JVM with " + String.join(" ", jvmOptions()) + ".");
    }
}
