package dev.treaty.benchmarks.guards;

import dev.treaty.benchmarks.Benchmark;
import dev.treaty.benchmarks.Figure;
import dev.treaty.benchmarks.JmhWorker;
import dev.treaty.benchmarks.JmhWorker.Answer;
import dev.treaty.benchmarks.JmhWorker.Request;
import dev.treaty.benchmarks.JvmProcess;
import dev.treaty.benchmarks.MachineLoad;
import dev.treaty.benchmarks.Report;
import dev.treaty.benchmarks.Sample;
import dev.treaty.benchmarks.Target;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
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
            "Takes about eight minutes, or a minute and a half with --quick, which leaves out some settings."
        },
        mixinStandardHelpOptions = true,
        sortOptions = false)
public final class GuardsBenchmark extends Benchmark {
    private static final Figure TIME = Figure.lower("time", "ns/call");
    private static final Figure ALLOCATION = Figure.lower("allocation", "B/call");
    private static final Figure MEMORY = Figure.lower("memory", "B/guard");
    private static final String MEMORY_SETTING = "memory";

    static final List<Target> TARGETS = List.of(
            Target.most("treaty.full.t1.time", 75),
            Target.most("treaty.full.t2.time", 75),
            Target.most("treaty.full.t1.allocation", 0),
            Target.most("treaty.full.t2.allocation", 0),
            Target.most("treaty.timeout.t1.time", 300),
            Target.most("treaty.timeout.t2.time", 300),
            Target.most("treaty.refused.t1.time", 50),
            Target.most("treaty.refused.t2.time", 50),
            Target.most("treaty.memory.memory", 2048),
            Target.least("resilience4j-count.full.t1.time", 1.7),
            Target.least("resilience4j-count.full.t2.time", 3.4),
            Target.least("sentinel.full.t1.time", 6),
            Target.least("sentinel.full.t2.time", 6),
            Target.least("smallrye.deadline.t1.time", 10),
            Target.least("smallrye.deadline.t2.time", 10),
            Target.least("failsafe.deadline.t1.time", 30),
            Target.least("failsafe.deadline.t2.time", 30));

    private static final Set<String> QUICK = Set.of("direct", "clock", "refused", Measured.FULL, Measured.DEADLINE);

    /** What a process takes until it measures and after it has, and JMH each time that it does. */
    private static final Duration STARTING = Duration.ofMillis(700);

    private static final Duration OVERHEAD = Duration.ofMillis(50);

    /** What the guards of one subject take to be made and looked at. */
    private static final Duration MEMORY_TIME = Duration.ofMillis(2500);

    private static final Duration ITERATION = Duration.ofMillis(100);

    /** The shortest time in which something is measured, however little time is left. */
    private static final Duration SHORTEST = Duration.ofMillis(20);

    /** Before each figure, for the threads to get going. */
    private static final Duration SETTLING = Duration.ofMillis(50);

    /** Taking turns, so that a compiler that lags behind goes on while others run. */
    private static final int WARM_UP_TURNS = 2;

    private static final Duration WARM_UP_MAX = Duration.ofSeconds(5);
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
            description = "How often each is measured (default: 6, or 2 with --quick).")
    private @Nullable Integer rounds;

    @Option(
            names = "--seconds",
            paramLabel = "S",
            description = "How long all of it takes (default: 450, or 80 with --quick).")
    private @Nullable Integer seconds;

    private final MachineLoad machine = new MachineLoad();

    @Override
    protected Report measure() throws IOException, InterruptedException {
        int times = rounds != null ? rounds : quick ? 2 : 6;
        int total = seconds != null ? seconds : quick ? 80 : 450;
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
        var plan = Plan.of(
                Duration.ofSeconds(total).minus(MEMORY_TIME.multipliedBy(remembering.size())),
                (int) Measured.SETTINGS.stream()
                        .mapToLong(setting -> chosen(chosen, setting).size())
                        .sum(),
                times * threads.size());
        var samples = new ArrayList<Sample>();
        machine.begin();
        for (String setting : Measured.SETTINGS) {
            measure(setting, chosen(chosen, setting), times, plan, samples);
        }
        machine.end();
        for (String subject : remembering) {
            progress("memory of " + subject + " …");
            double bytes = Footprint.bytesPerGuard(subject, quick);
            samples.add(new Sample(subject, MEMORY_SETTING, 0, Map.of(MEMORY.name(), bytes)));
        }
        var about = new ArrayList<>(about(times, plan));
        machine.remark().ifPresent(about::add);
        Report report = Report.of("guards", about, List.of(TIME, ALLOCATION, MEMORY), Measured.OWN, samples);
        return Target.judge(report, TARGETS);
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

    private List<Measured> chosen(List<Measured> chosen, String setting) {
        return isChosen(setting)
                ? chosen.stream()
                        .filter(one -> one.settings().contains(setting))
                        .toList()
                : List.of();
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

    /** Measures a setting: its subjects side by side, each in a process that lives until all rounds are over. */
    private void measure(String setting, List<Measured> chosen, int times, Plan plan, List<Sample> samples)
            throws IOException, InterruptedException {
        List<JvmProcess> processes = new ArrayList<>();
        try {
            for (Measured one : chosen) {
                progress(setting + ": starting " + one.subject() + " …");
                processes.add(JvmProcess.start(
                        one.subject() + ", " + setting, JmhWorker.class, jvmOptions(), one.benchmark()));
            }
            for (int turn = 0; turn < WARM_UP_TURNS; turn++) {
                for (int i = 0; i < chosen.size(); i++) {
                    progress(setting + ": warming up " + chosen.get(i).subject() + " …");
                    ask(processes.get(i), new Request(threads.getFirst(), plan.warmUp, plan.iteration));
                }
            }
            for (int round = 0; round < times; round++) {
                for (int count : threads) {
                    for (int i = 0; i < chosen.size(); i++) {
                        Measured one = chosen.get(i);
                        progress(setting + ": round " + (round + 1) + " of " + times + ", " + one.subject() + " …");
                        Answer answer = ask(processes.get(i), new Request(count, SETTLING, plan.iteration));
                        Map<String, Double> figures =
                                Map.of(TIME.name(), answer.nanos(), ALLOCATION.name(), answer.bytes());
                        samples.add(new Sample(one.subject(), setting + ".t" + count, round, figures));
                    }
                }
            }
        } finally {
            processes.forEach(JvmProcess::dismiss);
            processes.forEach(JvmProcess::close);
        }
    }

    private Answer ask(JvmProcess process, Request request) throws IOException, InterruptedException {
        Answer answer = process.ask(request.line(), Answer.class, request.duration());
        machine.ours(answer.cpuNanos());
        return answer;
    }

    /** What every JVM is told. */
    static List<String> jvmOptions() {
        return List.of(
                "-XX:+UseG1GC",
                "-Xms256m",
                "-Xmx256m",
                "--sun-misc-unsafe-memory-access=allow",
                "-Djmh.ignoreLock=true", // JMH lets only one of its kind live at a time, and these only measure in
                // turns
                // Sentinel writes files, and would do so in the home directory.
                "-Dcsp.sentinel.log.dir=" + Path.of(System.getProperty("java.io.tmpdir"), "treaty-bench-sentinel"));
    }

    private static List<String> about(int rounds, Plan plan) {
        return List.of(
                "One guarded call of a method that returns a field, which never fails; refused: by an open breaker.",
                "tN: N threads calling the same guard as fast as they can, by JMH, each subject in its own process.",
                String.format(
                        Locale.ROOT,
                        "Median of %d rounds, and min..max; a round is the median of %d times %d ms; subjects take"
                                + " turns, after %.1f s of warm-up each.",
                        rounds,
                        JmhWorker.ITERATIONS,
                        plan.iteration.toMillis(),
                        WARM_UP_TURNS * plan.warmUp.toMillis() / 1000.0),
                "Java " + Runtime.version() + ", " + Runtime.getRuntime().availableProcessors()
                        + " processors; every JVM with " + String.join(" ", jvmOptions()) + ".");
    }

    /**
     * How the time is spent.
     *
     * @param warmUp of a subject in each of its turns
     * @param iteration how long an iteration of a round lasts
     */
    private record Plan(Duration warmUp, Duration iteration) {

        /** What is left by starting and by the rounds is for warming up, unless that is next to nothing. */
        static Plan of(Duration total, int processes, int measurements) {
            Duration each = total.dividedBy(Math.max(1, processes)).minus(STARTING);
            Duration measuring = new Request(1, SETTLING, ITERATION)
                    .duration()
                    .plus(OVERHEAD)
                    .multipliedBy(measurements);
            Duration warmUp = each.minus(measuring).dividedBy(WARM_UP_TURNS);
            if (warmUp.compareTo(ITERATION) >= 0) {
                return new Plan(warmUp.compareTo(WARM_UP_MAX) < 0 ? warmUp : WARM_UP_MAX, ITERATION);
            }
            // Where there is hardly any time, being late is better than being wrong.
            Duration iteration = each.dividedBy(3L * JmhWorker.ITERATIONS * measurements);
            return new Plan(ITERATION, iteration.compareTo(SHORTEST) < 0 ? SHORTEST : iteration);
        }
    }
}
