package dev.treaty.benchmarks.discovery;

import dev.treaty.Treaty;
import dev.treaty.benchmarks.Benchmark;
import dev.treaty.benchmarks.Figure;
import dev.treaty.benchmarks.JvmProcess;
import dev.treaty.benchmarks.Report;
import dev.treaty.benchmarks.Sample;
import dev.treaty.config.ConfigurationSources;
import dev.treaty.registry.RegistryAddress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** The delay of changed settings. */
@Command(
        name = "settings",
        description = {
            "How soon a changed central setting is in force in a hundred clients with connections of their own, in four"
                    + " processes, with each registry that keeps central settings; and how soon a changed file is.",
            "",
            "Takes about two minutes; one with --quick. What is not installed here is skipped, and the report says so."
        },
        mixinStandardHelpOptions = true,
        sortOptions = false)
public final class SettingsBenchmark extends Benchmark {
    private static final Figure P50 = Figure.lower("p50", "ms");
    private static final Figure P99 = Figure.lower("p99", "ms");
    private static final Figure MAX = Figure.lower("max", "ms");
    private static final Figure CPU = Figure.lower("cpu", "ms/change/client");

    private static final List<Subject> SUBJECTS =
            List.of(new TreatyRegistrySubject(), new EtcdSubject(), new ZooKeeperSubject());

    private static final Logger LOGS = Logger.getLogger("");
    private static final int PROCESSES = 4;
    private static final int WARM_UP = 5;
    private static final double NANOS_PER_MILLI = 1e6;
    private static final Duration PAUSE = Duration.ofMillis(200);
    private static final Duration START = Duration.ofSeconds(60);

    @Option(
            names = "--subjects",
            paramLabel = "NAME",
            split = ",",
            description = "Only these: treaty, etcd, zookeeper, file (default: all).")
    private List<String> subjects = List.of("treaty", "etcd", "zookeeper", "file");

    @Option(names = "--clients", paramLabel = "N", description = "How many clients there are (default: 100).")
    private int clients = 100;

    @Override
    protected Report measure() throws IOException, InterruptedException {
        List<String> known = List.of("treaty", "etcd", "zookeeper", "file");
        if (!known.containsAll(subjects)) {
            throw new ParameterException(line(), "--subjects: there is: " + String.join(", ", known));
        }
        if (clients < PROCESSES || clients > 10_000) {
            throw new ParameterException(line(), "--clients " + clients + " is out of range: use 4 to 10000");
        }
        LOGS.setLevel(Level.SEVERE);
        int times = quick ? 20 : 100;
        var samples = new ArrayList<Sample>();
        var about = new ArrayList<String>();
        about.add("from just before the change until a listener of the client has it; " + times + " changes");
        for (Subject subject : SUBJECTS) {
            if (subjects.contains(subject.name())) {
                progress(subject.name());
                try (Subject.Running running = subject.start()) {
                    RegistryAddress address = running.address().orElseThrow();
                    samples.add(new Sample(subject.name(), "central" + clients, 0, central(address, times)));
                    about.add(subject.name() + ": " + subject.about());
                } catch (Subject.Missing missing) {
                    about.add(subject.name() + ": skipped, since " + missing.getMessage());
                }
            }
        }
        if (subjects.contains("file")) {
            progress("file");
            samples.add(new Sample("file", "file", 0, file(times)));
            about.add("file: treaty.yaml is replaced by another file, in one process");
        }
        return Report.of("settings", about, List.of(P50, P99, MAX, CPU), "treaty", samples);
    }

    private Map<String, Double> central(RegistryAddress address, int times) throws IOException, InterruptedException {
        var workers = new ArrayList<JvmProcess>();
        try (Treaty operator = Treaty.open(ConfigurationSources.of(Map.of("TREATY_REGISTRY", address.toString())))) {
            for (int i = 0; i < PROCESSES; i++) {
                workers.add(JvmProcess.start(
                        "the clients",
                        SettingsWorker.class,
                        List.of("-XX:+UseSerialGC", "-Xmx512m", "-XX:TieredStopAtLevel=1"),
                        address.toString(),
                        String.valueOf(clients / PROCESSES)));
            }
            for (JvmProcess worker : workers) {
                worker.answer(SettingsWorker.Seen.class, START);
            }
            var delays = new ArrayList<Long>();
            long cpuNanos = 0;
            for (int i = 0; i < WARM_UP + times; i++) {
                String value = "v" + i;
                long start = System.nanoTime();
                operator.configuration().set(SettingsWorker.KEY, value);
                for (JvmProcess worker : workers) {
                    var seen = worker.ask(value, SettingsWorker.Seen.class, Duration.ofSeconds(60));
                    if (i >= WARM_UP) {
                        seen.nanos().forEach(at -> delays.add(at - start));
                        cpuNanos += seen.cpuNanos();
                    }
                }
                TimeUnit.NANOSECONDS.sleep(PAUSE.toNanos());
            }
            Map<String, Double> values = percentiles(delays);
            values.put(CPU.name(), cpuNanos / NANOS_PER_MILLI / delays.size());
            return values;
        } finally {
            workers.forEach(JvmProcess::close);
        }
    }

    private static Map<String, Double> file(int times) throws IOException, InterruptedException {
        Path directory = Files.createTempDirectory("treaty-bench-settings");
        Path file = directory.resolve("treaty.yaml");
        Path next = directory.resolve("next");
        Files.writeString(file, "app: {tick: none}\n");
        BlockingQueue<Long> seen = new ArrayBlockingQueue<>(1_000);
        try (Treaty treaty = Treaty.open(ConfigurationSources.of(file, Map.of()))) {
            var _ = treaty.configuration().watch(SettingsWorker.KEY, _ -> seen.add(System.nanoTime()));
            var delays = new ArrayList<Long>();
            for (int i = 0; i < WARM_UP + times; i++) {
                Files.writeString(next, "app: {tick: v" + i + "}\n");
                long start = System.nanoTime();
                Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
                Long at = seen.poll(60, TimeUnit.SECONDS);
                if (at == null) {
                    throw new IOException("a changed file was never noticed");
                }
                if (i >= WARM_UP) {
                    delays.add(at - start);
                }
                TimeUnit.NANOSECONDS.sleep(PAUSE.toNanos());
            }
            return percentiles(delays);
        } finally {
            Files.deleteIfExists(file);
            Files.deleteIfExists(next);
            Files.delete(directory);
        }
    }

    private static Map<String, Double> percentiles(List<Long> nanos) {
        long[] sorted = nanos.stream().mapToLong(each -> each).toArray();
        Arrays.sort(sorted);
        var values = new LinkedHashMap<String, Double>();
        values.put(P50.name(), sorted[sorted.length / 2] / NANOS_PER_MILLI);
        values.put(P99.name(), sorted[(int) (sorted.length * 0.99)] / NANOS_PER_MILLI);
        values.put(MAX.name(), sorted[sorted.length - 1] / NANOS_PER_MILLI);
        return values;
    }
}
