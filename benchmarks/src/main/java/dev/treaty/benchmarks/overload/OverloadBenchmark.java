package dev.treaty.benchmarks.overload;

import dev.treaty.benchmarks.Benchmark;
import dev.treaty.benchmarks.Figure;
import dev.treaty.benchmarks.JvmProcess;
import dev.treaty.benchmarks.Report;
import dev.treaty.benchmarks.Sample;
import dev.treaty.benchmarks.overload.LoadDriver.Outcome;
import dev.treaty.benchmarks.overload.WorkServer.Usage;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** Ten times the calls that a service can serve. */
@Command(
        name = "overload",
        description = {
            "What becomes of a service that gets ten times the calls that it can serve, with Treaty's default limit, a"
                + " fixed limit, AIMD, Vegas and Gradient2 of concurrency-limits, and a queue that drops by controlled"
                + " delay; what a limit refuses below the capacity; and how retries add up over three services.",
            "",
            "Takes about eight minutes, or two with --quick."
        },
        mixinStandardHelpOptions = true,
        sortOptions = false)
public final class OverloadBenchmark extends Benchmark {
    private static final Figure USEFUL_MIN = Figure.higher("useful-min", "% of the capacity");
    private static final Figure USEFUL = Figure.higher("useful", "% of the capacity");
    private static final Figure CAPACITY = Figure.higher("capacity", "calls/s");
    private static final Figure P99 = Figure.lower("p99", "ms");
    private static final Figure RECOVERY = Figure.lower("recovery", "s");
    private static final Figure MEMORY = Figure.lower("memory", "MiB");
    private static final Figure OPENED = Figure.counted("breaker-opened");
    private static final Figure REFUSED = Figure.counted("refused");
    private static final Figure ATTEMPTS = Figure.lower("attempts", "per call");

    private static final List<String> SUBJECTS =
            List.of(Limits.TREATY, Limits.FIXED, "aimd", "vegas", "gradient2", "codel");
    private static final List<String> PARTS = List.of("permits", "cpu", "mixed", "hops");

    /** What eight permits of 20 ms can serve. */
    private static final int PERMITS_CAPACITY = 400;

    private static final int OVERLOAD = 10;

    /** The first seconds, in which a limit may adapt. */
    private static final int ADAPTING = 3;

    private static final int CALLERS = 8;

    @Option(
            names = "--part",
            paramLabel = "NAME",
            split = ",",
            description = "Only this part: permits, cpu, mixed, hops (default: all).")
    private List<String> parts = PARTS;

    @Option(
            names = "--subjects",
            paramLabel = "NAME",
            split = ",",
            description = "Only these limits, such as treaty,vegas (default: all, or treaty,fixed with --quick).")
    private List<String> subjects = List.of();

    private Duration overload = Duration.ofSeconds(20);
    private Duration calm = Duration.ofSeconds(5);

    @Override
    protected Report measure() throws IOException, InterruptedException {
        check("--part", parts, PARTS);
        check("--subjects", subjects, SUBJECTS);
        if (quick) {
            overload = Duration.ofSeconds(8);
            calm = Duration.ofSeconds(3);
        }
        List<String> measured = !subjects.isEmpty() ? subjects : quick ? SUBJECTS.subList(0, 2) : SUBJECTS;
        var samples = new ArrayList<Sample>();
        for (String part : parts) {
            for (String subject : part.equals("hops") ? List.of(Limits.TREATY) : measured) {
                progress(part + ": " + subject + " …");
                samples.add(new Sample(subject, part, 0, figures(part, subject)));
            }
        }
        return Report.of(
                "overload",
                List.of(
                        "permits: eight permits of 20 ms, so exactly 400 calls/s; cpu: 20 ms of a processor, and what "
                                + CALLERS + " callers get while the client uses as much as under overload.",
                        "Ten times as many calls, when they are due, for " + overload.toSeconds()
                                + " s; useful-min is the worst second after the third.",
                        "mixed: 200 calls/s of 1 ms and 20 calls/s of 5 s, far below the capacity.",
                        "hops: three services; attempts is what the last one gets of each call that reaches it.",
                        "Java " + Runtime.version() + ", "
                                + Runtime.getRuntime().availableProcessors() + " processors."),
                List.of(USEFUL_MIN, USEFUL, CAPACITY, P99, RECOVERY, MEMORY, OPENED, REFUSED, ATTEMPTS),
                Limits.TREATY,
                samples);
    }

    private void check(String option, List<String> given, List<String> known) {
        for (String name : given) {
            if (!known.contains(name)) {
                throw new ParameterException(
                        line(), option + " " + name + " is unknown: use " + String.join(", ", known));
            }
        }
    }

    private Map<String, Double> figures(String part, String subject) throws IOException, InterruptedException {
        return switch (part) {
            case "mixed" -> mixed(subject);
            case "hops" -> hops();
            default -> overloaded(part, subject);
        };
    }

    private static JvmProcess server(String kind, String argument) throws IOException {
        return JvmProcess.start(
                "the service",
                WorkServer.class,
                List.of("-Xmx256m", "--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow"),
                kind,
                argument);
    }

    private static String port(JvmProcess server) throws IOException, InterruptedException {
        return String.valueOf(
                server.answer(WorkServer.Ready.class, Duration.ZERO).port());
    }

    private static JvmProcess driver(String port) throws IOException {
        return JvmProcess.start(
                "the client", LoadDriver.class, List.of("-Xmx512m", "--sun-misc-unsafe-memory-access=allow"), port);
    }

    private static Outcome open(JvmProcess driver, String operations, int rate, Duration duration)
            throws IOException, InterruptedException {
        return driver.ask("open " + operations + " " + rate + " " + duration.toMillis(), Outcome.class, duration);
    }

    private static double closed(JvmProcess driver, Duration duration, double processors)
            throws IOException, InterruptedException {
        String command = "closed work " + CALLERS + " " + duration.toMillis() + " " + processors;
        Outcome outcome = driver.ask(command, Outcome.class, duration);
        return (double) answered(outcome) / duration.toSeconds();
    }

    private static int answered(Outcome outcome) {
        return outcome.useful().stream().mapToInt(Integer::intValue).sum();
    }

    private static double average(List<Integer> numbers) {
        return numbers.stream().mapToInt(Integer::intValue).average().orElseThrow();
    }

    private Map<String, Double> overloaded(String part, String subject) throws IOException, InterruptedException {
        boolean permits = part.equals("permits");
        try (JvmProcess server = server(part, subject);
                JvmProcess driver = driver(port(server))) {
            closed(driver, calm, 0); // to warm up
            int rate = permits ? PERMITS_CAPACITY : (int) closed(driver, calm, 0);
            open(driver, "work", rate / 2, calm);
            server.ask("usage", Usage.class, Duration.ZERO);
            Outcome outcome = open(driver, "work", OVERLOAD * rate, overload);
            Outcome after = open(driver, "work", rate / 2, calm);
            Usage usage = server.ask("usage", Usage.class, Duration.ZERO);
            double capacity = permits ? PERMITS_CAPACITY : closed(driver, calm, outcome.processors());
            List<Integer> seconds = outcome.useful().subList(ADAPTING, (int) overload.toSeconds());
            return Map.of(
                    USEFUL_MIN.name(),
                    100 * Collections.min(seconds) / capacity,
                    USEFUL.name(),
                    100 * average(seconds) / capacity,
                    CAPACITY.name(),
                    capacity,
                    P99.name(),
                    outcome.p99Millis(),
                    RECOVERY.name(),
                    (after.lastFailureMillis() + 1) / 1e3,
                    MEMORY.name(),
                    (double) usage.peakMegabytes(),
                    OPENED.name(),
                    (double) outcome.opened(),
                    ATTEMPTS.name(),
                    (double) outcome.attempts() / outcome.calls());
        }
    }

    private Map<String, Double> mixed(String subject) throws IOException, InterruptedException {
        try (JvmProcess server = server("permits", subject);
                JvmProcess driver = driver(port(server))) {
            open(driver, "quick", 220, calm); // to warm up
            Outcome outcome = open(driver, "quick,".repeat(10) + "slow", 220, overload);
            return Map.of(REFUSED.name(), (double) (outcome.calls() - answered(outcome)));
        }
    }

    private Map<String, Double> hops() throws IOException, InterruptedException {
        try (JvmProcess bottom = server("permits", Limits.TREATY)) {
            String port = port(bottom);
            try (JvmProcess middle = server("middle", port);
                    JvmProcess top = server("top", port)) {
                port(middle);
                port(top);
                try (JvmProcess driver = driver(port)) {
                    open(driver, "top", PERMITS_CAPACITY / 2, calm);
                    bottom.ask("usage", Usage.class, Duration.ZERO);
                    Outcome outcome = open(driver, "top", OVERLOAD * PERMITS_CAPACITY, overload);
                    Usage usage = bottom.ask("usage", Usage.class, Duration.ZERO);
                    List<Integer> seconds = outcome.useful().subList(ADAPTING, (int) overload.toSeconds());
                    var figures = new HashMap<String, Double>();
                    figures.put(ATTEMPTS.name(), (double) usage.received() / usage.traces());
                    figures.put(USEFUL.name(), average(seconds) / 4);
                    figures.put(OPENED.name(), (double) outcome.opened());
                    return figures;
                }
            }
        }
    }
}
