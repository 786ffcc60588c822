package dev.treaty.benchmarks.security;

import dev.treaty.benchmarks.Benchmark;
import dev.treaty.benchmarks.Figure;
import dev.treaty.benchmarks.JmhWorker;
import dev.treaty.benchmarks.JvmProcess;
import dev.treaty.benchmarks.MachineLoad;
import dev.treaty.benchmarks.Report;
import dev.treaty.benchmarks.Sample;
import dev.treaty.benchmarks.Target;
import dev.treaty.certificates.CertificateAuthority;
import dev.treaty.certificates.CertificateRequest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** What security costs a call, and what a flood leaves to others. */
@Command(
        name = "security",
        description = {
            "What the checks of credentials and rules cost, in time and memory; and what a client gets beside a flood"
                    + " of calls, of bad tokens and of handshakes, compared with the same use of processors.",
            "",
            "Takes less than three minutes, or one with --quick."
        },
        mixinStandardHelpOptions = true,
        sortOptions = false)
public final class SecurityBenchmark extends Benchmark {
    private static final Figure TIME = Figure.lower("time", "ns");
    private static final Figure ALLOCATION = Figure.lower("allocation", "B");
    private static final Figure USEFUL = Figure.higher("useful", "calls/s");
    private static final Figure P99 = Figure.lower("p99", "ms");
    private static final Figure SENT = Figure.higher("sent", "1/s");
    private static final Figure ACCEPTED = Figure.higher("accepted", "1/s");
    private static final Figure SIGNATURES = Figure.lower("signatures", "1/s");
    private static final Figure FLOOD_CPU = Figure.lower("floodCpu", "processors");
    private static final Figure SERVER_CPU = Figure.lower("serverCpu", "processors");
    private static final List<Figure> FIGURES =
            List.of(TIME, ALLOCATION, USEFUL, P99, SENT, ACCEPTED, SIGNATURES, FLOOD_CPU, SERVER_CPU);

    private static final String CHECKS = "checks";
    private static final String FLOODS = "floods";
    private static final List<String> PARTS = List.of(CHECKS, FLOODS);

    /** The methods of {@link SecurityChecks}, by the names of subjects. */
    private static final Map<String, String> METHODS = methods();

    private static final List<String> KINDS = List.of(Flood.IDENTITY, Flood.TOKENS, Flood.HANDSHAKES);

    /** What is compared: the client beside a flood, and beside a process that only uses as much, or all it gets. */
    private static final String FLOOD = "flood";

    private static final String SHARE = "share";

    private static final String BUSY = "busy";

    static final List<Target> TARGETS = List.of(
            Target.most("token.checks.time", 2_000),
            Target.most("rules-1.checks.time", 200),
            Target.most("rules-100.checks.time", 200),
            Target.least("busy.identity.useful", 0.9),
            Target.least("busy.identity.p99", 0.9),
            Target.least("busy.tokens.useful", 0.9),
            Target.least("busy.tokens.p99", 0.9),
            Target.least("busy.handshakes.useful", 0.9),
            Target.least("busy.handshakes.p99", 0.9));

    /** Calls a second of the client, below the rate that each caller has. */
    private static final int RATE = 500;

    /** The share of its calls that the client gets before anything is measured, unless that takes too long. */
    private static final double WARM = 0.99;

    private static final int WARM_UP_TURNS_MAX = 10;
    private static final int HTTP_OK = 200;
    private static final int HTTP_UNAUTHORIZED = 401;
    private static final Duration ITERATION = Duration.ofMillis(100);
    private static final Duration SETTLING = Duration.ofMillis(50);

    /** How much longer a flood lasts than what is measured, half of it before. */
    private static final Duration MARGIN = Duration.ofSeconds(1);

    /** For the server to end what the flood has left. */
    private static final Duration PAUSE = Duration.ofMillis(300);

    @Option(
            names = "--part",
            paramLabel = "NAME",
            split = ",",
            description = "Only this part: checks, floods (default: both).")
    private List<String> parts = PARTS;

    private final MachineLoad machine = new MachineLoad();
    private int rounds = 3;
    private Duration each = Duration.ofMillis(3_500);
    private Duration warmUp = Duration.ofSeconds(2);

    private static Map<String, String> methods() {
        Map<String, String> methods = new LinkedHashMap<>();
        methods.put("token", "token");
        methods.put("api-key", "apiKey");
        methods.put("new-eddsa", "newEdDsa");
        methods.put("new-es256", "newEs256");
        methods.put("new-rs256", "newRs256");
        methods.put("rules-1", "rules1");
        methods.put("rules-100", "rules100");
        methods.put("rules-100-of-one-service", "rules100OfOneService");
        return methods;
    }

    @Override
    protected Report measure() throws IOException, InterruptedException {
        for (String part : parts) {
            if (!PARTS.contains(part)) {
                throw new ParameterException(line(), "--part " + part + " is unknown: use " + String.join(", ", PARTS));
            }
        }
        if (quick) {
            rounds = 1;
            each = Duration.ofSeconds(2);
            warmUp = Duration.ofSeconds(1);
        }
        var samples = new ArrayList<Sample>();
        if (parts.contains(CHECKS)) {
            for (var check : METHODS.entrySet()) {
                progress("checks: " + check.getKey() + " …");
                check(check.getKey(), check.getValue(), samples);
            }
        }
        var about = new ArrayList<>(about());
        if (parts.contains(FLOODS)) {
            floods(samples);
            machine.remark().ifPresent(about::add);
        }
        return Target.judge(Report.of("security", about, FIGURES, FLOOD, samples), TARGETS);
    }

    private void check(String subject, String method, List<Sample> samples) throws IOException, InterruptedException {
        String benchmark = SecurityChecks.class.getName() + "." + method;
        try (JvmProcess process = JvmProcess.start(subject, JmhWorker.class, jvmOptions(), benchmark)) {
            var first = new JmhWorker.Request(1, warmUp, ITERATION);
            process.ask(first.line(), JmhWorker.Answer.class, first.duration());
            for (int round = 0; round < rounds; round++) {
                var request = new JmhWorker.Request(1, SETTLING, ITERATION);
                var answer = process.ask(request.line(), JmhWorker.Answer.class, request.duration());
                samples.add(new Sample(
                        subject,
                        CHECKS,
                        round,
                        Map.of(TIME.name(), answer.nanos(), ALLOCATION.name(), answer.bytes())));
            }
        }
    }

    private static List<String> jvmOptions() {
        return List.of(
                "-Xmx256m",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-Djmh.ignoreLock=true");
    }

    private void floods(List<Sample> samples) throws IOException, InterruptedException {
        Path directory = Files.createTempDirectory("treaty-bench-security-");
        try {
            CertificateAuthority authority = CertificateAuthority.create(directory, "treaty.local", Clock.systemUTC());
            for (String identity : List.of(SecuredServer.SERVER, SecuredServer.POLITE, SecuredServer.GREEDY)) {
                authority.write(CertificateRequest.of(identity));
            }
            progress("floods: starting …");
            try (JvmProcess server = start("the server", SecuredServer.class, directory.toString())) {
                String port = String.valueOf(
                        server.answer(SecuredServer.Ready.class, Duration.ZERO).port());
                try (JvmProcess client = start("the client", PoliteClient.class, directory.toString(), port);
                        JvmProcess flood = start("the flood", Flood.class, directory.toString(), port)) {
                    floods(new Processes(server, client, flood), samples);
                }
            }
        } finally {
            delete(directory);
        }
    }

    private static JvmProcess start(String name, Class<?> main, String... arguments) throws IOException {
        return JvmProcess.start(name, main, jvmOptions(), arguments);
    }

    private static void delete(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            files.sorted(Comparator.reverseOrder()).forEach(file -> {
                try {
                    Files.delete(file);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        }
    }

    private record Processes(JvmProcess server, JvmProcess client, JvmProcess flood) {}

    private void floods(Processes processes, List<Sample> samples) throws IOException, InterruptedException {
        progress("floods: warming up …");
        for (int turn = 0; turn < WARM_UP_TURNS_MAX; turn++) {
            double useful = polite(processes, warmUp).getOrDefault(USEFUL.name(), 0.0);
            if (turn > 0 && useful > WARM * RATE) {
                break;
            }
        }
        for (String kind : KINDS) {
            beside(processes, kind, 0, warmUp);
        }
        machine.begin();
        for (int round = 0; round < rounds; round++) {
            progress("floods: round " + (round + 1) + " of " + rounds + " …");
            samples.add(new Sample("alone", "alone", round, polite(processes, each)));
            Map<String, Double> busy = beside(processes, Flood.BURN, Flood.THREADS, each);
            for (String kind : KINDS) {
                Map<String, Double> flood = beside(processes, kind, 0, each);
                Map<String, Double> share =
                        beside(processes, Flood.BURN, flood.getOrDefault(FLOOD_CPU.name(), 0.0), each);
                samples.add(new Sample(FLOOD, kind, round, flood));
                samples.add(new Sample(BUSY, kind, round, busy));
                samples.add(new Sample(SHARE, kind, round, share));
            }
        }
        machine.end();
    }

    /** The client alone. */
    private Map<String, Double> polite(Processes processes, Duration duration)
            throws IOException, InterruptedException {
        long cpu = serverNanos(processes);
        long began = System.nanoTime();
        var outcome = processes.client.ask(RATE + " " + duration.toMillis(), PoliteClient.Outcome.class, duration);
        Map<String, Double> figures = new HashMap<>();
        long serverCpu = serverNanos(processes) - cpu;
        machine.ours(serverCpu + outcome.cpuNanos());
        figures.put(SERVER_CPU.name(), (double) serverCpu / (System.nanoTime() - began));
        figures.put(USEFUL.name(), outcome.useful() / seconds(duration));
        if (outcome.useful() > 0) {
            figures.put(P99.name(), outcome.p99Millis());
        }
        return figures;
    }

    private static long serverNanos(Processes processes) throws IOException, InterruptedException {
        return processes
                .server
                .ask("usage", SecuredServer.Usage.class, Duration.ZERO)
                .cpuNanos();
    }

    private static double seconds(Duration duration) {
        return duration.toMillis() / 1e3;
    }

    /** The client beside a flood that begins before it and ends after it. */
    private Map<String, Double> beside(Processes processes, String kind, double processors, Duration duration)
            throws IOException, InterruptedException {
        Duration longer = duration.plus(MARGIN);
        var flooding = new FutureTask<>(() ->
                processes.flood.ask(kind + " " + longer.toMillis() + " " + processors, Flood.Outcome.class, longer));
        Thread.startVirtualThread(flooding);
        TimeUnit.MILLISECONDS.sleep(MARGIN.toMillis() / 2);
        Map<String, Double> figures = polite(processes, duration);
        try {
            Flood.Outcome flood = flooding.get();
            machine.ours(flood.cpuNanos());
            figures.putAll(figures(kind, flood));
        } catch (ExecutionException e) {
            throw new IOException(
                    e.getCause() == null ? e.toString() : e.getCause().getMessage(), e);
        }
        TimeUnit.MILLISECONDS.sleep(PAUSE.toMillis());
        return figures;
    }

    /** The figures of a flood. */
    static Map<String, Double> figures(String kind, Flood.Outcome outcome) {
        Map<String, Double> figures = new HashMap<>();
        figures.put(FLOOD_CPU.name(), outcome.processors());
        if (!kind.equals(Flood.BURN)) {
            figures.put(SENT.name(), perSecond(outcome.answered(), outcome));
            if (!kind.equals(Flood.HANDSHAKES)) {
                figures.put(ACCEPTED.name(), perSecond(outcome.requests().getOrDefault(HTTP_OK, 0L), outcome));
            }
            if (kind.equals(Flood.TOKENS)) {
                // A token that differs from all others is called invalid only after its signature has been checked.
                long checked = outcome.requests().getOrDefault(HTTP_UNAUTHORIZED, 0L);
                figures.put(SIGNATURES.name(), perSecond(checked, outcome));
            }
        }
        return figures;
    }

    private static double perSecond(long count, Flood.Outcome outcome) {
        return count * 1e9 / outcome.nanos();
    }

    private List<String> about() {
        var about = new ArrayList<String>();
        if (parts.contains(CHECKS)) {
            about.add("checks: one thread, by JMH; token: one that was checked before; new-: the first check of a"
                    + " token.");
        }
        if (parts.contains(FLOODS)) {
            about.add(
                    "floods: a client that calls " + RATE + " times a second, with a certificate and a deadline of 1 s,"
                            + " beside a process that floods the server with eight threads.");
            about.add("  busy: beside eight threads that only use processors, all that they get; share: as much as the"
                    + " flood uses itself.");
            about.add("  identity: calls that another caller may make, with its token; each caller has 1,000 calls/s.");
            about.add(
                    "  tokens: tokens with a wrong signature, each another; handshakes: handshakes that never finish.");
            about.add("  A ratio above 1: the client gets more beside the flood than beside that process.");
        }
        about.add("Median of " + rounds + " rounds, and min..max, of " + seconds(each) + " s each. Java "
                + Runtime.version() + ", " + Runtime.getRuntime().availableProcessors() + " processors.");
        return about;
    }
}
