package dev.treaty.benchmarks.overload;

import dev.treaty.Treaty;
import dev.treaty.benchmarks.overload.Work.Bottom;
import dev.treaty.benchmarks.overload.Work.Top;
import dev.treaty.config.Settings;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.event.Event;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.HdrHistogram.ConcurrentHistogram;
import tools.jackson.databind.json.JsonMapper;

/**
 * The process of three clients: Treaty's, with its defaults. It answers each line of input by an {@link Outcome}, and
 * ends when the input does.
 */
final class LoadDriver {
    private static final long NANOS_MAX = Duration.ofMinutes(1).toNanos();

    /** How long to wait for the last answers. */
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    /** The slow operation needs more than the default deadline. */
    private static final String SETTINGS = """
        services:
          bench.Bottom:
            operations:
              slow: {deadline: 20s, attempt-timeout: 20s}
        """;

    private static final int CLIENTS = 3;

    private final List<Map<String, UnaryOperator<String>>> clients = new ArrayList<>();
    private final LongAdder attempts = new LongAdder();
    private final LongAdder opened = new LongAdder();

    /**
     * What became of the calls.
     *
     * @param useful answers in each second
     * @param calls the number of calls
     * @param exhausted calls that a limit refused
     * @param late calls whose deadline passed
     * @param otherwise calls that failed in another way
     * @param attempts requests that the client sent
     * @param opened how often a breaker opened
     * @param lastFailureMillis when the last call that failed began, from the beginning; -1 if none failed
     * @param p99Millis the latency of useful answers
     * @param processors how many processors the client has used
     */
    record Outcome(
            List<Integer> useful,
            long calls,
            long exhausted,
            long late,
            long otherwise,
            long attempts,
            long opened,
            long lastFailureMillis,
            double p99Millis,
            double processors) {}

    private void add(Treaty treaty) {
        Bottom bottom = treaty.client(Bottom.class);
        Top top = treaty.client(Top.class);
        clients.add(Map.of("work", bottom::work, "quick", bottom::quick, "slow", bottom::slow, "top", top::work));
        treaty.events().subscribe(event -> {
            if (event instanceof Event.AttemptEnded) {
                attempts.increment();
            } else if (event instanceof Event.BreakerChanged breaker
                    && breaker.after().equalsIgnoreCase("open")) {
                opened.increment();
            }
        });
    }

    /**
     * Starts it.
     *
     * @param arguments the port of the registry
     */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        PrintStream out = System.out;
        System.setOut(System.err); // what libraries print is no answer
        JsonMapper mapper = JsonMapper.builder().build();
        String yaml = "registry: treaty://127.0.0.1:" + arguments[0] + "\n" + SETTINGS;
        var driver = new LoadDriver();
        for (int i = 0; i < CLIENTS; i++) {
            driver.add(Treaty.open(Settings.parse("benchmark", yaml, Map.of())));
        }
        var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String[] words = line.split(" ", -1);
            Duration duration = Duration.ofMillis(Long.parseLong(words[3]));
            Outcome outcome = words[0].equals("open")
                    ? driver.open(words[1], Integer.parseInt(words[2]), duration)
                    : driver.closed(words[1], Integer.parseInt(words[2]), duration, Double.parseDouble(words[4]));
            out.println(mapper.writeValueAsString(outcome));
        }
        System.exit(0); // which closes the clients
    }

    /** The calls of one command. */
    private final class Run {
        private final long start = System.nanoTime();
        private final long cpu = cpuNanos();
        private final AtomicIntegerArray useful;
        private final LongAdder calls = new LongAdder();
        private final LongAdder exhausted = new LongAdder();
        private final LongAdder late = new LongAdder();
        private final LongAdder otherwise = new LongAdder();
        private final AtomicLong lastFailure = new AtomicLong(-1);
        private final ConcurrentHistogram latencies = new ConcurrentHistogram(NANOS_MAX, 2);

        Run(Duration duration) {
            useful = new AtomicIntegerArray((int) duration.toSeconds() + 1);
            attempts.reset();
            opened.reset();
        }

        @SuppressWarnings("ReturnValueIgnored") // only whether the call succeeds counts
        void call(UnaryOperator<String> operation, long due) {
            calls.increment();
            try {
                String _ = operation.apply("x");
                long now = System.nanoTime();
                int second = (int) TimeUnit.NANOSECONDS.toSeconds(now - start);
                useful.incrementAndGet(Math.min(second, useful.length() - 1));
                latencies.recordValue(Math.min(NANOS_MAX, now - due));
            } catch (ServiceException e) {
                lastFailure.accumulateAndGet(TimeUnit.NANOSECONDS.toMillis(due - start), Math::max);
                (e.code() == Code.RESOURCE_EXHAUSTED
                                ? exhausted
                                : e.code() == Code.DEADLINE_EXCEEDED ? late : otherwise)
                        .increment();
            }
        }

        Outcome outcome(double processors) {
            return new Outcome(
                    IntStream.range(0, useful.length()).mapToObj(useful::get).toList(),
                    calls.sum(),
                    exhausted.sum(),
                    late.sum(),
                    otherwise.sum(),
                    attempts.sum(),
                    opened.sum(),
                    lastFailure.get(),
                    latencies.getValueAtPercentile(99) / 1e6,
                    processors);
        }

        double processors() {
            return (double) (cpuNanos() - cpu) / (System.nanoTime() - start);
        }
    }

    /** Makes calls when they are due, whether earlier ones have ended or not. */
    private Outcome open(String names, int perSecond, Duration duration) throws InterruptedException {
        String[] mix = names.split(",", -1);
        int calls = (int) (perSecond * duration.toMillis() / 1_000);
        var left = new CountDownLatch(calls);
        var run = new Run(duration);
        for (int i = 0; i < calls; i++) {
            long due = run.start + TimeUnit.SECONDS.toNanos(i) / perSecond;
            long wait = due - System.nanoTime();
            if (wait > 0) {
                TimeUnit.NANOSECONDS.sleep(wait);
            }
            UnaryOperator<String> operation = operation(i, mix[i % mix.length]);
            Thread.startVirtualThread(() -> {
                try {
                    run.call(operation, due);
                } finally {
                    left.countDown();
                }
            });
        }
        double processors = run.processors();
        boolean all = left.await(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        if (!all) {
            run.late.add(left.getCount());
        }
        return run.outcome(processors);
    }

    private UnaryOperator<String> operation(int call, String name) {
        return Objects.requireNonNull(clients.get(call % CLIENTS).get(name), name);
    }

    /** Has callers that wait for each answer, while it uses that many processors in addition. */
    private Outcome closed(String name, int callers, Duration duration, double processors) throws InterruptedException {
        var over = new AtomicBoolean();
        var left = new CountDownLatch(callers);
        var run = new Run(duration);
        Thread burner = Thread.ofPlatform().daemon().start(() -> burn(processors, over));
        for (int i = 0; i < callers; i++) {
            UnaryOperator<String> operation = operation(i, name);
            Thread.startVirtualThread(() -> {
                while (!over.get()) {
                    run.call(operation, System.nanoTime());
                }
                left.countDown();
            });
        }
        TimeUnit.NANOSECONDS.sleep(duration.toNanos());
        over.set(true);
        double used = run.processors();
        left.await();
        burner.join();
        return run.outcome(used);
    }

    /** Uses a share of a processor, in slices of ten milliseconds. */
    private static void burn(double processors, AtomicBoolean over) {
        long slice = TimeUnit.MILLISECONDS.toNanos(10);
        while (processors > 0 && !over.get()) {
            long began = System.nanoTime();
            while (System.nanoTime() - began < slice * Math.min(1, processors)) {
                Thread.onSpinWait();
            }
            try {
                TimeUnit.NANOSECONDS.sleep((long) (slice * Math.max(0, 1 - processors)));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    private static long cpuNanos() {
        return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
                .getProcessCpuTime();
    }
}
