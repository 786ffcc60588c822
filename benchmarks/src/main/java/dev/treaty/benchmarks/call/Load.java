package dev.treaty.benchmarks.call;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/** Concurrent callers in a closed loop: each makes its next call when it has the answer to the last. */
final class Load {
    /** Enough that callers rarely ask the same at the same time; a multiple of no number of callers. */
    private static final int MESSAGES = 1009;

    private static final long LATENCY_NANOS_MAX = Duration.ofMinutes(1).toNanos();

    /** One percent: callers' histograms are small enough to stay in the processor's cache. */
    private static final int DIGITS = 2;

    private final Subject.Client client;
    private final Message[] messages;
    private final List<Subject.Caller> callers = new ArrayList<>();

    /** @param bytes the size of each message as JSON */
    Load(Subject.Client client, int bytes) {
        this.client = client;
        this.messages = Message.examples(MESSAGES, bytes);
    }

    /**
     * What so many callers had in that time.
     *
     * @param calls with the right answer; the latencies are theirs
     * @param errors calls that failed or had another answer
     * @param error what was wrong with one of them; empty where none was
     * @param elapsedNanos until the last caller had its last answer
     * @param usage of this process meanwhile
     */
    record Outcome(
            long calls, long errors, String error, long elapsedNanos, double p50Nanos, double p99Nanos, Usage usage) {}

    Outcome run(int concurrency, Duration duration) throws IOException, InterruptedException {
        while (callers.size() < concurrency) {
            callers.add(client.caller());
        }
        var loops = new ArrayList<Loop>();
        var threads = new ArrayList<Thread>();
        var gate = new CountDownLatch(1);
        for (int i = 0; i < concurrency; i++) {
            var loop = new Loop(callers.get(i), i * messages.length / concurrency, duration.toNanos(), gate);
            loops.add(loop);
            threads.add(Thread.ofVirtual().name("caller-" + i).start(loop));
        }
        Usage before = Usage.now();
        long start = System.nanoTime();
        gate.countDown();
        for (Thread thread : threads) {
            thread.join();
        }
        long elapsed = System.nanoTime() - start;
        Usage usage = Usage.now().since(before);
        return outcome(loops, elapsed, usage);
    }

    private static Outcome outcome(List<Loop> loops, long elapsedNanos, Usage usage) {
        var latencies = new Histogram(LATENCY_NANOS_MAX, DIGITS);
        long errors = 0;
        String error = "";
        for (Loop loop : loops) {
            latencies.add(loop.latencies);
            errors += loop.errors;
            if (loop.error != null) {
                error = loop.error;
            }
        }
        return new Outcome(
                latencies.getTotalCount(),
                errors,
                error,
                elapsedNanos,
                latencies.getValueAtPercentile(50),
                latencies.getValueAtPercentile(99),
                usage);
    }

    /** One caller. */
    private final class Loop implements Runnable {
        private final Subject.Caller caller;
        private final int first;
        private final long durationNanos;
        private final CountDownLatch gate;
        private final Histogram latencies = new Histogram(LATENCY_NANOS_MAX, DIGITS);
        private long errors;
        private @Nullable String error;

        Loop(Subject.Caller caller, int first, long durationNanos, CountDownLatch gate) {
            this.caller = caller;
            this.first = first;
            this.durationNanos = durationNanos;
            this.gate = gate;
        }

        @Override
        public void run() {
            try {
                gate.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException("a caller was interrupted", e);
            }
            int next = first;
            long start = System.nanoTime();
            long begun = start;
            while (begun - start < durationNanos) {
                boolean right = call(messages[next]);
                long ended = System.nanoTime();
                if (right) {
                    latencies.recordValue(Math.min(ended - begun, LATENCY_NANOS_MAX));
                } else {
                    errors++;
                }
                begun = ended;
                next = next + 1 == messages.length ? 0 : next + 1;
            }
        }

        private boolean call(Message message) {
            try {
                boolean right = caller.call(message);
                if (!right) {
                    error = "the answer to order " + message.order().id() + " was not that order";
                }
                return right;
            } catch (Exception e) {
                error = e.toString();
                return false;
            }
        }
    }
}
