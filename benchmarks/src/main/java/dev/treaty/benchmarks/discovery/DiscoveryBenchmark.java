package dev.treaty.benchmarks.discovery;

import dev.treaty.benchmarks.Benchmark;
import dev.treaty.benchmarks.Figure;
import dev.treaty.benchmarks.Report;
import dev.treaty.benchmarks.Sample;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** The size of a registry and the delay of its changes. */
@Command(
        name = "discovery",
        description = {
            "How much memory, time and allocation instances cost in a registry, and how soon a watching client sees"
                    + " one that registers.",
            "",
            "Takes about ten minutes, half of them for Eureka, whose clients poll; two with --quick. What is not"
                    + " installed here is skipped, and the report says so."
        },
        mixinStandardHelpOptions = true,
        sortOptions = false)
public final class DiscoveryBenchmark extends Benchmark {
    private static final Figure HEAP = Figure.lower("heap", "B/instance");
    private static final Figure RENEWALS = Figure.higher("renewals", "1/s");
    private static final Figure LOOKUP = Figure.lower("lookup", "ns");
    private static final Figure LOOKUP_ALLOCATION = Figure.lower("lookupAllocation", "B");
    private static final Figure UPDATE = Figure.lower("update", "µs");
    private static final Figure UPDATE_ALLOCATION = Figure.lower("updateAllocation", "B");
    private static final Figure SEEN_P50 = Figure.lower("seenP50", "ms");
    private static final Figure SEEN_P99 = Figure.lower("seenP99", "ms");
    private static final Figure SEEN_MAX = Figure.lower("seenMax", "ms");
    private static final Figure MEMORY = Figure.lower("memory", "B/instance");
    private static final List<Figure> FIGURES = List.of(
            HEAP, RENEWALS, LOOKUP, LOOKUP_ALLOCATION, UPDATE, UPDATE_ALLOCATION, SEEN_P50, SEEN_P99, SEEN_MAX, MEMORY);

    private static final TreatyRegistrySubject TREATY = new TreatyRegistrySubject();

    /** All registries that can be measured. */
    private static final List<Subject> SUBJECTS =
            List.of(TREATY, new EtcdSubject(), new ZooKeeperSubject(), new CuratorSubject(), new EurekaSubject());

    /** Referenced here because the level of an unreferenced logger can be lost. */
    private static final Logger LOGS = Logger.getLogger("");

    private static final double NANOS_PER_MILLI = 1e6;

    private static final int WATCHERS_PER_CLIENT = 10;

    /** The pause between registrations if the benchmark does not wait until one is seen, which takes half a minute. */
    private static final Duration POLLING_PAUSE = Duration.ofSeconds(3);

    /** No registry takes longer, not even one that polls. */
    private static final Duration PATIENCE = Duration.ofMinutes(3);

    @Option(
            names = "--subjects",
            paramLabel = "NAME",
            split = ",",
            description = "Only these registries (default: all).")
    private List<String> subjects = SUBJECTS.stream().map(Subject::name).toList();

    @Option(
            names = "--watchers",
            paramLabel = "N",
            description = "How many watch at a time: ten in each client, and each a client of its own (default: 1000).")
    private int watchers = 1_000;

    @Option(
            names = "--instances",
            paramLabel = "N",
            description = "How many instances there are in the table (default: 100000, or 20000 with --quick).")
    private @Nullable Integer instances;

    @Option(names = "--rounds", paramLabel = "N", description = "How often each is measured (default: 3, or 1).")
    private @Nullable Integer rounds;

    @Override
    protected Report measure() throws IOException, InterruptedException {
        List<Subject> chosen = SUBJECTS.stream()
                .filter(subject -> subjects.contains(subject.name()))
                .toList();
        if (chosen.size() < subjects.size()) {
            throw new ParameterException(
                    line(),
                    "--subjects: there is: "
                            + String.join(
                                    ", ", SUBJECTS.stream().map(Subject::name).toList()));
        }
        int size = instances != null ? instances : quick ? 20_000 : 100_000;
        int times = rounds != null ? rounds : quick ? 1 : 3;
        range("--watchers", watchers, 1, 10_000);
        range("--instances", size, 100, 1_000_000);
        range("--rounds", times, 1, 100);
        LOGS.setLevel(Level.SEVERE); // a thousand clients that write down each event would be measured too
        var samples = new ArrayList<Sample>();
        var skipped = new LinkedHashMap<Subject, String>();
        for (int round = 0; round < times; round++) {
            progress("the table, round " + (round + 1));
            var table = new TableMeasurement(size, size / 100, Duration.ofSeconds(quick ? 1 : 5));
            samples.add(new Sample("treaty", "table" + size, round, table.measure()));
        }
        for (int round = 0; round < times; round++) {
            for (Subject subject : chosen) {
                if (skipped.containsKey(subject) || (subject.polls() && round > 0)) {
                    continue;
                }
                progress(subject.name() + ", round " + (round + 1));
                int often = subject.polls() ? (quick ? 3 : 20) : quick ? 50 : 300;
                try (Subject.Running running = subject.start()) {
                    var values = seen(running, 1, 1, often, subject.polls());
                    samples.add(new Sample(subject.name(), "oneWatcher", round, values));
                } catch (Subject.Missing missing) {
                    skipped.put(subject, missing.getMessage());
                }
            }
        }
        for (int round = 0; round < times; round++) {
            progress(watchers + " watchers, round " + (round + 1));
            int often = quick ? 20 : 40;
            try (Subject.Running running = TREATY.start()) {
                int clients = (watchers + WATCHERS_PER_CLIENT - 1) / WATCHERS_PER_CLIENT;
                var values = seen(running, clients, WATCHERS_PER_CLIENT, often, false);
                samples.add(new Sample("treaty", "watchers" + watchers, round, values));
            }
            try (Subject.Running running = TREATY.startForSockets()) {
                var values = seen(running, watchers, 1, often, false);
                samples.add(new Sample("treaty", "sockets" + watchers, round, values));
            }
            try (Subject.Running running = TREATY.start()) {
                var values = seen(running, watchers, 1, often, false);
                samples.add(new Sample("treaty", "clients" + watchers, round, values));
            }
        }
        for (Subject subject : chosen) {
            if (skipped.containsKey(subject)) {
                continue;
            }
            progress("the memory of " + subject.name());
            try (Subject.Running running = subject.start()) {
                memory(running, Math.min(size, quick ? 1_000 : 10_000))
                        .ifPresent(bytes ->
                                samples.add(new Sample(subject.name(), "memory", 0, Map.of(MEMORY.name(), bytes))));
            }
        }
        return Report.of("discovery", about(chosen, skipped), FIGURES, "treaty", samples);
    }

    private void range(String option, int value, int min, int max) {
        if (value < min || value > max) {
            throw new ParameterException(line(), option + " " + value + " is out of range: use " + min + " to " + max);
        }
    }

    private static List<String> about(List<Subject> chosen, Map<Subject, String> skipped) {
        var about = new ArrayList<String>();
        about.add("seen: from just before register() until the callback of a watching client has the instance.");
        for (Subject subject : chosen) {
            String reason = skipped.get(subject);
            about.add(subject.name() + ": " + (reason == null ? subject.about() : "skipped, since " + reason) + ".");
        }
        return about;
    }

    /** An instance that is being announced to all clients. */
    private record Started(int number, long atNanos, CountDownLatch missing) {}

    /**
     * Registers one instance after the other, and measures until each watching client has it.
     *
     * @param polling whether the next is registered although the last has not been seen yet
     */
    private static Map<String, Double> seen(Subject.Running running, int callers, int each, int times, boolean polling)
            throws IOException, InterruptedException {
        int watching = callers * each;
        var clients = new ArrayList<Subject.Client>();
        long[] nanos = new long[watching * times];
        var started = new ConcurrentHashMap<String, Started>();
        try {
            for (int c = 0; c < callers; c++) {
                Subject.Client client = running.client();
                clients.add(client);
                for (int w = 0; w < each; w++) {
                    int watcher = c * each + w;
                    client.watch(id -> {
                        Started instance = started.get(id);
                        if (instance != null) {
                            nanos[instance.number * watching + watcher] = System.nanoTime() - instance.atNanos;
                            instance.missing.countDown();
                        }
                    });
                }
            }
            Subject.Client registrant = running.client();
            clients.add(registrant);
            for (int warm = 0; warm < (polling ? 0 : Math.max(3, times / 10)); warm++) {
                registrant.register("warm-" + warm);
            }
            TimeUnit.SECONDS.sleep(1); // all clients wait for the next change
            for (int i = 0; i < times; i++) {
                String id = "seen-" + i;
                started.put(id, new Started(i, System.nanoTime(), new CountDownLatch(watching)));
                registrant.register(id);
                if (polling) {
                    TimeUnit.NANOSECONDS.sleep(POLLING_PAUSE.toNanos());
                } else {
                    await(id, started);
                    TimeUnit.MILLISECONDS.sleep(Math.min(2L * watching, 200));
                }
            }
            for (String id : started.keySet()) {
                await(id, started);
            }
        } finally {
            for (Subject.Client client : clients.reversed()) {
                client.close();
            }
        }
        Arrays.sort(nanos);
        var values = new HashMap<String, Double>();
        values.put(SEEN_P50.name(), nanos[nanos.length / 2] / NANOS_PER_MILLI);
        values.put(SEEN_P99.name(), nanos[(int) (nanos.length * 0.99)] / NANOS_PER_MILLI);
        values.put(SEEN_MAX.name(), nanos[nanos.length - 1] / NANOS_PER_MILLI);
        return values;
    }

    private static void await(String id, Map<String, Started> started) throws IOException, InterruptedException {
        CountDownLatch missing = Objects.requireNonNull(started.get(id)).missing;
        if (!missing.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
            throw new IOException(missing.getCount() + " clients never saw " + id);
        }
    }

    private static Optional<Double> memory(Subject.Running running, int instances) throws IOException {
        var before = running.memoryBytes();
        if (before.isEmpty()) {
            return Optional.empty();
        }
        var clients = new ArrayList<Subject.Client>();
        try {
            for (int i = 0; i < instances; i++) {
                if (i % 1_000 == 0) {
                    clients.add(running.client());
                }
                clients.getLast().register("memory-" + i);
            }
            return Optional.of((running.memoryBytes().orElseThrow() - before.getAsLong()) / (double) instances);
        } finally {
            for (Subject.Client client : clients.reversed()) {
                client.close();
            }
        }
    }
}
