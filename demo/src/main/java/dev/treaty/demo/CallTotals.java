package dev.treaty.demo;

import dev.treaty.cli.output.Durations;
import java.util.LinkedHashMap;
import java.util.Map;
import org.HdrHistogram.Histogram;

/** Counts calls, failures and latencies. */
final class CallTotals {
    /** Longer latencies are recorded as this. */
    static final long LATENCY_NANOS_MAX = 60_000_000_000L;

    private static final int SIGNIFICANT_DIGITS = 3;

    private final Histogram latencies = new Histogram(1_000, LATENCY_NANOS_MAX, SIGNIFICANT_DIGITS);
    private long failed;
    private long late;

    /** The totals at one moment. Latencies are in nanoseconds, and zero without calls. */
    record Summary(long calls, long failed, long late, long p50, long p99, long max) {
        /** Returns the fields of a JSON object. */
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

        private static double millis(long nanos) {
            return Math.round(nanos / 1e4) / 100.0;
        }

        /** Returns the calls and their latencies as text. */
        String latencies() {
            return "p50 " + Durations.text(p50) + "  p99 " + Durations.text(p99) + "  max " + Durations.text(max);
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

    /** Returns the totals since the last call of this method. */
    synchronized Summary drain() {
        Summary summary = summary();
        latencies.reset();
        failed = 0;
        late = 0;
        return summary;
    }
}
