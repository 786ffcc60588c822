package dev.treaty.demo;

import java.util.LinkedHashMap;
import java.util.Map;
import org.HdrHistogram.Histogram;

/** What the calls of a stretch of time came to. */
final class CallTotals {
    /** Latencies above this are counted as this. */
    static final long LATENCY_NANOS_MAX = 60_000_000_000L;

    /** Three digits: a latency is told to a thousandth of itself. */
    private static final int DIGITS = 3;

    private final Histogram latencies = new Histogram(1_000, LATENCY_NANOS_MAX, DIGITS);
    private long failed;
    private long late;

    /** What it came to so far. Latencies are in nanoseconds; zero where there was no call. */
    record Summary(long calls, long failed, long late, long p50, long p99, long max) {
        /** As fields of a JSON object. */
        Map<String, Object> fields() {
            var fields = new LinkedHashMap<String, Object>();
            fields.put("calls", calls);
            fields.put("failed", failed);
            fields.put("late", late);
            fields.put("p50Millis", millis(p50));
            fields.put("p99Millis", millis(p99));
            fields.put("maxMillis", millis(max));
            return fields;
        }

        /** Milliseconds, to a hundredth. */
        static double millis(long nanos) {
            return Math.round(nanos / 1e4) / 100.0;
        }
    }

    synchronized void add(long latencyNanos, boolean failure, boolean tooLate) {
        latencies.recordValue(Math.min(latencyNanos, LATENCY_NANOS_MAX));
        failed += failure ? 1 : 0;
        late += tooLate ? 1 : 0;
    }

    synchronized Summary summary() {
        return new Summary(
                latencies.getTotalCount(),
                failed,
                late,
                latencies.getValueAtPercentile(50),
                latencies.getValueAtPercentile(99),
                latencies.getTotalCount() == 0 ? 0 : latencies.getMaxValue());
    }

    /** What it came to since the last time, for a rolling display. */
    synchronized Summary drain() {
        Summary summary = summary();
        latencies.reset();
        failed = 0;
        late = 0;
        return summary;
    }
}
