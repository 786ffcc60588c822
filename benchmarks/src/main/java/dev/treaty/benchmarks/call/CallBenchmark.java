package dev.treaty.benchmarks.call;

import dev.treaty.benchmarks.Benchmark;
import dev.treaty.benchmarks.Figure;
import dev.treaty.benchmarks.MachineLoad;
import dev.treaty.benchmarks.Report;
import dev.treaty.benchmarks.Sample;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** The whole round trip of a call: contract, client, guard, balancer, wire, server, handler, and back. */
@Command(
        name = "call",
        description = {
            "The whole round trip of a call, both sides in processes of their own, against gRPC-java, the JDK's HTTP"
                    + " client with Helidon's server, and the limit of blocking code written by hand.",
            "",
            "Takes about five minutes, or one with --quick."
        },
        mixinStandardHelpOptions = true,
        sortOptions = false)
public final class CallBenchmark extends Benchmark {
    private static final Figure THROUGHPUT = Figure.higher("throughput", "calls/s");
    private static final Figure P50 = Figure.lower("p50", "µs");
    private static final Figure P99 = Figure.lower("p99", "µs");
    private static final Figure CLIENT_CPU = Figure.lower("clientCpu", "µs/call");
    private static final Figure SERVER_CPU = Figure.lower("serverCpu", "µs/call");
    private static final Figure CPU = Figure.lower("cpu", "µs/call");
    private static final Figure CLIENT_ALLOCATION = Figure.lower("clientAllocation", "B/call");
    private static final Figure SERVER_ALLOCATION = Figure.lower("serverAllocation", "B/call");
    private static final Figure ALLOCATION = Figure.lower("allocation", "B/call");
    private static final Figure ERRORS = Figure.counted("errors");
    private static final List<Figure> FIGURES = List.of(
            THROUGHPUT,
            P50,
            P99,
            CLIENT_CPU,
            SERVER_CPU,
            CPU,
            CLIENT_ALLOCATION,
            SERVER_ALLOCATION,
            ALLOCATION,
            ERRORS);
    private static final double NANOS_PER_MICRO = 1_000;

    /** How much of the time at hand is for the warm-up, and how much of it a subject has any use for. */
    private static final double WARM_UP_SHARE = 0.4;

    private static final Duration WARM_UP_MAX = Duration.ofSeconds(10);
    private static final int WARM_UP_TURNS = 2;

    /** The shortest time in which something is measured, however little time is left. */
    private static final Duration SHORTEST = Duration.ofMillis(50);

    /** How long all processes together take to end. */
    private static final Duration ENDING = Duration.ofSeconds(2);

    private static final int SECONDS_MAX = 86_400;

    /** Less than what Treaty and gRPC-java accept by default. */
    private static final int BYTES_MAX = 3 << 20;

    /** More than one machine's memory would hold of some subjects' connections and threads. */
    private static final int CALLERS_MAX = 10_000;

    @Option(
            names = "--callers",
            paramLabel = "N",
            split = ",",
            description = "How many callers at a time (default: 1,16,128).")
    private List<Integer> callers = List.of(1, 16, 128);

    @Option(
            names = "--subjects",
            paramLabel = "NAME",
            split = ",",
            description = "Only these of treaty, grpc, helidon, raw (default: all; raw sends small messages only).")
    private List<String> subjects = Subject.names();

    @Option(
            names = "--tls",
            description =
                    "The cost of TLS: Treaty's server and transport alone, and grpc, with it and without it, both on"
                            + " the JDK's provider.")
    private boolean tls;

    @Option(
            names = "--rounds",
            paramLabel = "N",
            description = "How often each is measured (default: 7, or 3 with --quick).")
    private @Nullable Integer rounds;

    @Option(
            names = "--seconds",
            paramLabel = "S",
            description =
                    "How long all of it takes, or longer where processes start slowly; half of it is for measuring in"
                            + " any case (default: 300, or 55 with --quick).")
    private @Nullable Integer seconds;

    @Option(
            names = "--bytes",
            paramLabel = "N",
            description = "The size of a message as JSON, in bytes (default: 145).")
    private int bytes = Message.JSON_BYTES;

    /** Both sides of a subject, running. */
    private record Pair(String subject, WorkerProcess server, WorkerProcess client) {}

    @Override
    protected Report measure() throws IOException, InterruptedException {
        int times = rounds != null ? rounds : quick ? 3 : 7;
        int total = seconds != null ? seconds : quick ? 55 : 300;
        List<Subject> chosen = check(times, total);
        long totalNanos = TimeUnit.SECONDS.toNanos(total);
        long end = System.nanoTime() + totalNanos - ENDING.toNanos();

        var samples = new ArrayList<Sample>();
        Map<String, String> complaints = new LinkedHashMap<>();
        List<WorkerProcess> processes = new ArrayList<>();
        Duration warmUp;
        Duration each;
        var machine = new MachineLoad();
        try {
            progress("starting …");
            List<Pair> pairs = start(chosen, bytes, processes);
            // Where starting took most of the time, being late is better than being wrong.
            end = Math.max(end, System.nanoTime() + totalNanos / 2);
            warmUp = warmUp(pairs, end - System.nanoTime());
            each = atLeastShortest((end - System.nanoTime()) / times / callers.size() / pairs.size());
            machine.begin();
            for (int round = 0; round < times; round++) {
                for (int count : callers) {
                    for (Pair pair : pairs) {
                        progress("round " + (round + 1) + " of " + times + ": " + pair.subject() + ", " + count
                                + " callers …");
                        samples.add(sample(pair, round, count, each, machine, complaints));
                    }
                }
            }
            machine.end();
        } finally {
            processes.forEach(WorkerProcess::dismiss); // all at once, as each takes its time
            processes.forEach(WorkerProcess::close);
        }
        var about = new ArrayList<>(about(chosen, times, each, warmUp));
        if (bytes > Message.JSON_BYTES) {
            about.add("Here each order has a longer note, so that it is " + bytes + " bytes of JSON.");
        }
        machine.remark().ifPresent(about::add);
        complaints.forEach((who, what) -> about.add("ERRORS of " + who + ", such as: " + what));
        if (tls) {
            about.add(addedByTls("wire", samples) + "; " + addedByTls("grpc", samples) + ".");
        }
        return Report.of(tls ? "call-tls" : "call", about, FIGURES, tls ? "wire-tls" : "treaty", samples);
    }

    /**
     * Has all subjects run until their code is compiled, taking turns, so that a compiler that lags behind goes on
     * while others run.
     *
     * @return how long each subject ran
     */
    private Duration warmUp(List<Pair> pairs, long nanosLeft) throws IOException, InterruptedException {
        long perSubject = Math.min((long) (nanosLeft * WARM_UP_SHARE) / pairs.size(), WARM_UP_MAX.toNanos());
        Duration turn = atLeastShortest(perSubject / WARM_UP_TURNS / callers.size());
        for (int i = 0; i < WARM_UP_TURNS; i++) {
            for (int count : callers) {
                for (Pair pair : pairs) {
                    progress("warming up " + pair.subject() + " …");
                    pair.client().run(count, turn);
                }
            }
        }
        return turn.multipliedBy((long) WARM_UP_TURNS * callers.size());
    }

    private static Duration atLeastShortest(long nanos) {
        return Duration.ofMillis(Math.max(SHORTEST.toMillis(), TimeUnit.NANOSECONDS.toMillis(nanos)));
    }

    private List<Subject> check(int times, int total) {
        if (times < 1) {
            throw new ParameterException(line(), "--rounds " + times + " is out of range: use 1 or more");
        }
        if (total < 1 || total > SECONDS_MAX) {
            throw new ParameterException(line(), "--seconds " + total + " is out of range: use 1 to " + SECONDS_MAX);
        }
        if (bytes < Message.JSON_BYTES || bytes > BYTES_MAX) {
            throw new ParameterException(
                    line(), "--bytes " + bytes + " is out of range: use " + Message.JSON_BYTES + " to " + BYTES_MAX);
        }
        for (int count : callers) {
            if (count < 1 || count > CALLERS_MAX) {
                throw new ParameterException(
                        line(), "--callers " + count + " is out of range: use 1 to " + CALLERS_MAX);
            }
        }
        try {
            if (tls) {
                return Subject.tls();
            }
            var named = new LinkedHashSet<>(subjects).stream().map(Subject::named);
            List<Subject> chosen =
                    named.filter(subject -> subject.carries(bytes)).toList();
            if (chosen.isEmpty()) {
                throw new IllegalArgumentException("none of them can send messages of " + bytes + " bytes");
            }
            return chosen;
        } catch (IllegalArgumentException e) {
            throw new ParameterException(line(), "--subjects: " + e.getMessage());
        }
    }

    /** Starts the servers all at once, then the clients; what was started is also added to the list, for the end. */
    private static List<Pair> start(List<Subject> subjects, int bytes, List<WorkerProcess> processes)
            throws IOException, InterruptedException {
        var servers = new ArrayList<WorkerProcess>();
        for (Subject subject : subjects) {
            servers.add(WorkerProcess.start("server", subject.name()));
            processes.add(servers.getLast());
        }
        var pairs = new ArrayList<Pair>();
        for (int i = 0; i < servers.size(); i++) {
            String name = subjects.get(i).name();
            var client = WorkerProcess.start(
                    "client", name, String.valueOf(servers.get(i).port()), String.valueOf(bytes));
            processes.add(client);
            pairs.add(new Pair(name, servers.get(i), client));
        }
        for (Pair pair : pairs) {
            pair.client().port();
        }
        return pairs;
    }

    private static Sample sample(
            Pair pair, int round, int callers, Duration time, MachineLoad machine, Map<String, String> complaints)
            throws IOException, InterruptedException {
        Usage before = pair.server().usage();
        Load.Outcome outcome = pair.client().run(callers, time);
        Usage server = pair.server().usage().since(before);
        machine.ours(outcome.usage().cpuNanos() + server.cpuNanos());
        String setting = "c" + callers;
        if (outcome.errors() > 0) {
            complaints.put(pair.subject() + " " + setting, outcome.error());
        }
        return new Sample(pair.subject(), setting, round, figures(outcome, server));
    }

    /** The figures of a run; without a single right answer there is nothing to say but that. */
    static Map<String, Double> figures(Load.Outcome outcome, Usage server) {
        var values = new HashMap<String, Double>();
        values.put(ERRORS.name(), (double) outcome.errors());
        values.put(THROUGHPUT.name(), outcome.calls() * 1e9 / outcome.elapsedNanos());
        if (outcome.calls() > 0) {
            double calls = outcome.calls();
            Usage client = outcome.usage();
            double clientCpu = client.cpuNanos() / NANOS_PER_MICRO / calls;
            double serverCpu = server.cpuNanos() / NANOS_PER_MICRO / calls;
            double clientAllocation = client.allocatedBytes() / calls;
            double serverAllocation = server.allocatedBytes() / calls;
            values.put(P50.name(), outcome.p50Nanos() / NANOS_PER_MICRO);
            values.put(P99.name(), outcome.p99Nanos() / NANOS_PER_MICRO);
            values.put(CLIENT_CPU.name(), clientCpu);
            values.put(SERVER_CPU.name(), serverCpu);
            values.put(CPU.name(), clientCpu + serverCpu);
            values.put(CLIENT_ALLOCATION.name(), clientAllocation);
            values.put(SERVER_ALLOCATION.name(), serverAllocation);
            values.put(ALLOCATION.name(), clientAllocation + serverAllocation);
        }
        return values;
    }

    /** What TLS adds to the processor time of a call in a setting, in the median of the rounds. */
    private String addedByTls(String subject, List<Sample> samples) {
        return callers.stream()
                .map(count -> String.format(
                        Locale.ROOT,
                        "c%d %.1f µs",
                        count,
                        cpu(subject + "-tls", "c" + count, samples) - cpu(subject, "c" + count, samples)))
                .collect(Collectors.joining(", ", "TLS adds to the processor time of a call of " + subject + ": ", ""));
    }

    private static double cpu(String subject, String setting, List<Sample> samples) {
        double[] sorted = samples.stream()
                .filter(sample ->
                        sample.subject().equals(subject) && sample.setting().equals(setting))
                .mapToDouble(sample -> sample.values().getOrDefault(CPU.name(), Double.NaN))
                .sorted()
                .toArray();
        return sorted[sorted.length / 2];
    }

    private static List<String> about(List<Subject> subjects, int rounds, Duration each, Duration warmUp) {
        var about = new ArrayList<String>();
        about.add("One call and its answer, the same order there and back, every answer compared with what was asked.");
        subjects.forEach(subject -> about.add("  " + subject.name() + ": " + subject.about() + "."));
        about.add("Client and server are processes of their own on loopback. cN: N virtual threads, each calling again"
                + " as soon as it has its answer.");
        about.add(String.format(
                Locale.ROOT,
                "Median of %d rounds of %.2f s, and min..max; subjects take turns, after %.1f s of warm-up each.",
                rounds,
                each.toMillis() / 1000.0,
                warmUp.toMillis() / 1000.0));
        about.add("Java " + Runtime.version() + ", " + Runtime.getRuntime().availableProcessors()
                + " processors; every JVM with " + String.join(" ", WorkerProcess.jvmOptions()) + ".");
        return about;
    }
}
