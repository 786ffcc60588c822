package dev.treaty.benchmarks.overload;

import dev.treaty.Treaty;
import dev.treaty.benchmarks.overload.Work.Bottom;
import dev.treaty.benchmarks.overload.Work.Middle;
import dev.treaty.benchmarks.overload.Work.Top;
import dev.treaty.config.Settings;
import dev.treaty.core.event.Event;
import dev.treaty.core.event.Side;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import tools.jackson.databind.json.JsonMapper;

/** The process of one service: it answers each line of input by its {@link Usage}, and ends when the input does. */
final class WorkServer {
    private static final int PERMITS = 8;
    private static final long WORK_NANOS = 20_000_000;
    private static final long SLOW_MILLIS = 5_000;
    private static final long COMPILING_NANOS = 2_000_000_000;

    private final LongAdder received = new LongAdder();
    private final Set<Long> traces = ConcurrentHashMap.newKeySet();

    /** The first answer. */
    record Ready(int port) {}

    /**
     * What became of the calls since the last answer.
     *
     * @param received calls received, those refused included
     * @param traces how many different calls of a user they belong to
     * @param peakMegabytes the most memory that the process has had
     */
    record Usage(long received, long traces, long peakMegabytes) {}

    private WorkServer() {}

    /**
     * Starts it.
     *
     * @param arguments the kind of work and the limit; or {@code middle} or {@code top}, and the registry's port
     */
    public static void main(String[] arguments) throws IOException {
        PrintStream out = System.out;
        System.setOut(System.err); // what libraries print is no answer
        new WorkServer().run(arguments[0], arguments[1], out);
        System.exit(0);
    }

    private void run(String kind, String argument, PrintStream out) throws IOException {
        JsonMapper mapper = JsonMapper.builder().build();
        boolean bottom = kind.equals("permits") || kind.equals("cpu");
        String yaml = bottom ? Limits.settings(argument) : "registry: treaty://127.0.0.1:" + argument + "\n";
        try (Treaty treaty = Treaty.open(Settings.parse("benchmark", yaml, Map.of()))) {
            treaty.events().subscribe(event -> {
                if (event instanceof Event.CallEnded(var side, var call, var _) && side == Side.SERVER) {
                    received.increment();
                    traces.add(call.context().trace().traceHigh());
                }
            });
            serve(treaty, kind, argument);
            out.println(mapper.writeValueAsString(
                    new Ready(treaty.endpoint().orElseThrow().port())));
            var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            while (in.readLine() != null) {
                long distinct = traces.size();
                traces.clear();
                out.println(mapper.writeValueAsString(new Usage(received.sumThenReset(), distinct, peakMegabytes())));
            }
        }
    }

    private static void serve(Treaty treaty, String kind, String argument) {
        switch (kind) {
            case "middle" -> {
                Bottom below = treaty.client(Bottom.class);
                treaty.serve(Middle.class, below::work);
            }
            case "top" -> {
                Middle below = treaty.client(Middle.class);
                treaty.serve(Top.class, below::work);
            }
            default -> {
                treaty.serveRegistry();
                treaty.serve(Bottom.class, new Limited(kind.equals("cpu") ? busy() : eightPermits(), argument));
            }
        }
    }

    private record Limited(Function<String, String> work, Limits limits) implements Bottom {
        Limited(Function<String, String> work, String limit) {
            this(work, Limits.named(limit));
        }

        @Override
        public String work(String what) {
            return limits.run(() -> work.apply(what));
        }

        @Override
        public String quick(String what) {
            return limits.run(() -> slept(what, 1));
        }

        @Override
        public String slow(String what) {
            return limits.run(() -> slept(what, SLOW_MILLIS));
        }
    }

    private static String slept(String what, long millis) {
        try {
            Thread.sleep(millis);
            return what;
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Function<String, String> eightPermits() {
        var permits = new Semaphore(PERMITS);
        return what -> {
            permits.acquireUninterruptibly();
            try {
                return slept(what, WORK_NANOS / 1_000_000);
            } finally {
                permits.release();
            }
        };
    }

    /** Uses a processor; the time is that of the thread that carries the call, which does nothing else meanwhile. */
    private static Function<String, String> busy() {
        long perMilli = spinsPerMilli();
        return what -> {
            return what + spin(perMilli * WORK_NANOS / 1_000_000);
        };
    }

    /** How often a processor spins in a millisecond of its own time, once the loop has been compiled. */
    private static long spinsPerMilli() {
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        long spins = 1_000_000;
        long best = Long.MAX_VALUE;
        long end = System.nanoTime() + COMPILING_NANOS;
        while (System.nanoTime() - end < 0) {
            long began = threads.getCurrentThreadCpuTime();
            long result = spin(spins);
            long took = threads.getCurrentThreadCpuTime() - began;
            best = result == 0 ? best : Math.min(best, took); // which keeps the compiler from leaving it out
        }
        return spins * 1_000_000 / best;
    }

    /** Computes a number by steps that no compiler can join. */
    private static long spin(long times) {
        long x = 1;
        for (long i = 0; i < times; i++) {
            x ^= x << 13;
            x ^= x >>> 7;
            x ^= x << 17;
        }
        return x;
    }

    private static long peakMegabytes() throws IOException {
        Path status = Path.of("/proc/self/status");
        if (!Files.exists(status)) {
            return 0;
        }
        return Files.readAllLines(status).stream()
                .filter(line -> line.startsWith("VmHWM:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) >> 10)
                .findFirst()
                .orElse(0);
    }
}
