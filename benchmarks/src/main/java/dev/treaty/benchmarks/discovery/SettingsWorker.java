package dev.treaty.benchmarks.discovery;

import com.sun.management.OperatingSystemMXBean;
import dev.treaty.Treaty;
import dev.treaty.config.ConfigurationSources;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import tools.jackson.databind.json.JsonMapper;

/**
 * A process with several clients of a registry, each with connections of its own, that follow central settings. It
 * answers each line of input, the value that comes next, when all clients have it.
 */
final class SettingsWorker {
    /** The setting that changes. */
    static final String KEY = "app.tick";

    private static final long WAIT_SECONDS = 60;

    /** Referenced here because the level of an unreferenced logger can be lost. */
    private static final Logger LOGS = Logger.getLogger("");

    /**
     * When a change was in force.
     *
     * @param nanos for each client, on the clock that all processes of the machine share
     * @param cpuNanos the processor time that this process has used since the last answer
     */
    record Seen(List<Long> nanos, long cpuNanos) {}

    /** The state of one change. */
    private static final class Change {
        private final long[] nanos;
        private final CountDownLatch missing;

        Change(int clients) {
            this.nanos = new long[clients];
            this.missing = new CountDownLatch(clients);
        }
    }

    private final int clients;
    private final Map<String, Change> changes = new ConcurrentHashMap<>();

    private SettingsWorker(int clients) {
        this.clients = clients;
    }

    /**
     * Starts it.
     *
     * @param arguments the address of the registry, and the number of clients
     */
    public static void main(String[] arguments) throws Exception {
        PrintStream out = System.out;
        System.setOut(System.err); // what libraries print is no answer
        LOGS.setLevel(Level.SEVERE);
        new SettingsWorker(Integer.parseInt(arguments[1])).run(arguments[0], out);
        System.exit(0);
    }

    private void run(String registry, PrintStream out) throws IOException, InterruptedException {
        JsonMapper mapper = JsonMapper.builder().build();
        var sources = ConfigurationSources.of(Map.of("TREATY_REGISTRY", registry));
        var opened = new ArrayList<Treaty>();
        try {
            for (int i = 0; i < clients; i++) {
                int number = i;
                Treaty treaty = Treaty.open(sources);
                opened.add(treaty);
                var _ = treaty.configuration().watch(KEY, change -> {
                    long now = System.nanoTime();
                    change.after().ifPresent(value -> seen(value, number, now));
                });
            }
            out.println(mapper.writeValueAsString(new Seen(List.of(), cpuNanos())));
            var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            long used = cpuNanos();
            for (String value = in.readLine(); value != null; value = in.readLine()) {
                Change change = change(value);
                if (!change.missing.await(WAIT_SECONDS, TimeUnit.SECONDS)) {
                    throw new IOException(change.missing.getCount() + " clients never had " + KEY + " = " + value);
                }
                long now = cpuNanos();
                out.println(mapper.writeValueAsString(
                        new Seen(Arrays.stream(change.nanos).boxed().toList(), now - used)));
                used = now;
                changes.remove(value);
            }
        } finally {
            opened.forEach(Treaty::close);
        }
    }

    private Change change(String value) {
        return changes.computeIfAbsent(value, _ -> new Change(clients));
    }

    private void seen(String value, int client, long atNanos) {
        Change change = change(value);
        change.nanos[client] = atNanos;
        change.missing.countDown();
    }

    private static long cpuNanos() {
        return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getProcessCpuTime();
    }
}
