package dev.treaty.benchmarks.security;

import dev.treaty.Treaty;
import dev.treaty.core.call.ServiceException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.HdrHistogram.ConcurrentHistogram;
import tools.jackson.databind.json.JsonMapper;

/**
 * The process of a client that calls at a fixed rate: it answers each line of input, {@code RATE MILLIS}, by an {@link
 * Outcome}, and ends when the input does.
 */
final class PoliteClient {
    private static final long NANOS_MAX = Duration.ofMinutes(1).toNanos();

    /** How long to wait for the last answers. */
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final Answering service;

    /**
     * What became of the calls.
     *
     * @param calls calls that were due
     * @param useful calls that were answered before their deadline
     * @param p99Millis the time from when a call is due to its answer
     * @param cpuNanos processor time of the client
     */
    record Outcome(long calls, long useful, double p99Millis, long cpuNanos) {}

    private PoliteClient(Answering service) {
        this.service = service;
    }

    /**
     * Starts it.
     *
     * @param arguments the directory with the certificates, and the port of the registry
     */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        PrintStream out = System.out;
        System.setOut(System.err); // what libraries print is no answer
        JsonMapper mapper = JsonMapper.builder().build();
        try (Treaty treaty = Treaty.open(SecuredServer.settings(
                Path.of(arguments[0]), SecuredServer.POLITE, "treaty://127.0.0.1:" + arguments[1]))) {
            var client = new PoliteClient(treaty.client(Answering.class));
            var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                String[] words = line.split(" ", -1);
                out.println(mapper.writeValueAsString(
                        client.run(Integer.parseInt(words[0]), Duration.ofMillis(Long.parseLong(words[1])))));
            }
        }
        System.exit(0);
    }

    /** Makes calls when they are due, whether earlier ones have ended or not. */
    private Outcome run(int perSecond, Duration duration) throws InterruptedException {
        int calls = (int) (perSecond * duration.toMillis() / 1_000);
        var left = new CountDownLatch(calls);
        var useful = new LongAdder();
        var latencies = new ConcurrentHistogram(NANOS_MAX, 2);
        long cpu = SecuredServer.cpuNanos();
        long start = System.nanoTime();
        for (int i = 0; i < calls; i++) {
            long due = start + TimeUnit.SECONDS.toNanos(i) / perSecond;
            long wait = due - System.nanoTime();
            if (wait > 0) {
                TimeUnit.NANOSECONDS.sleep(wait);
            }
            Thread.startVirtualThread(() -> {
                try {
                    if (service.answer("x").equals("x")) {
                        useful.increment();
                        latencies.recordValue(Math.min(NANOS_MAX, System.nanoTime() - due));
                    }
                } catch (ServiceException e) {
                    // It is not useful.
                } finally {
                    left.countDown();
                }
            });
        }
        long used = SecuredServer.cpuNanos() - cpu;
        left.await(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        return new Outcome(calls, useful.sum(), latencies.getValueAtPercentile(99) / 1e6, used);
    }
}
