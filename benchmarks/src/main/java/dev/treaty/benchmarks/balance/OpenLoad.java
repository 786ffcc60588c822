package dev.treaty.benchmarks.balance;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;

/**
 * Calls that begin when they are due, whether earlier ones have ended or not, as those of many independent users do. A
 * latency counts from when the call was due, so that nothing is left out where the caller itself falls behind.
 */
final class OpenLoad {
    private static final long NANOS_MAX = Duration.ofMinutes(1).toNanos();

    /** How long to wait for the last answers; every subject has deadlines below that. */
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private OpenLoad() {}

    /**
     * What came of it.
     *
     * @param latencies of all calls, failed ones included, in nanoseconds
     * @param failed how many failed
     */
    record Outcome(Histogram latencies, long failed) {}

    static Outcome run(Subject subject, int perSecond, Duration duration) throws InterruptedException {
        int calls = (int) (perSecond * duration.toMillis() / 1_000);
        long gap = TimeUnit.SECONDS.toNanos(1) / perSecond;
        var latencies = new ConcurrentHistogram(NANOS_MAX, 3);
        var failed = new LongAdder();
        var left = new CountDownLatch(calls);
        long start = System.nanoTime();
        for (int i = 0; i < calls; i++) {
            long due = start + i * gap;
            long wait = due - System.nanoTime();
            if (wait > 0) {
                TimeUnit.NANOSECONDS.sleep(wait);
            }
            Thread.startVirtualThread(() -> {
                try {
                    if (!subject.call()) {
                        failed.increment();
                    }
                } finally {
                    latencies.recordValue(Math.min(NANOS_MAX, System.nanoTime() - due));
                    left.countDown();
                }
            });
        }
        if (!left.await(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
            failed.add(left.getCount());
        }
        return new Outcome(latencies.copy(), failed.sum());
    }
}
