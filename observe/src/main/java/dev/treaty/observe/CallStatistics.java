package dev.treaty.observe;

import dev.treaty.core.call.Code;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * Counts and latencies of calls, or of attempts, in a period. Latencies have two significant digits, from a microsecond
 * to ten minutes; they include failures and are 0 without calls.
 *
 * @param requests the number of calls
 * @param successes the number of calls with a value as response, including fallbacks
 * @param errors the number of failures by code, without codes that did not occur
 * @param seconds the length of the period
 * @param averageMillis the mean latency
 * @param p50Millis the median latency
 * @param p95Millis the 95th percentile
 * @param p99Millis the 99th percentile
 * @param maxMillis the maximum latency
 * @param histogram all latencies in microseconds, as an encoded HdrHistogram in base64; empty without calls
 */
public record CallStatistics(
        long requests,
        long successes,
        Map<Code, Long> errors,
        double seconds,
        double averageMillis,
        double p50Millis,
        double p95Millis,
        double p99Millis,
        double maxMillis,
        String histogram) {

    /** The statistics of no calls. */
    public static final CallStatistics NONE = new CallStatistics(0, 0, Map.of(), 0, 0, 0, 0, 0, 0, "");

    /** Copies the map. */
    public CallStatistics {
        var sorted = new EnumMap<Code, Long>(Code.class);
        sorted.putAll(errors);
        errors = Collections.unmodifiableMap(sorted);
    }

    /** Returns the number of failures. */
    public long failures() {
        return requests - successes;
    }

    /** Returns the share of successes, from 0 to 1; 1 without calls. */
    public double successRate() {
        return requests == 0 ? 1 : (double) successes / requests;
    }

    /** Returns the share of failures, from 0 to 1; 0 without calls. */
    public double errorRate() {
        return requests == 0 ? 0 : (double) failures() / requests;
    }

    /** Returns the average number of calls per second. */
    public double requestsPerSecond() {
        return seconds == 0 ? 0 : requests / seconds;
    }

    /**
     * Merges statistics, for example of several processes, as exactly as if they had been counted together. The period
     * is the longest of theirs.
     *
     * @throws IllegalArgumentException if a histogram is malformed
     */
    public static CallStatistics merge(List<CallStatistics> parts) {
        var sum = new StatisticsSum();
        parts.forEach(sum::add);
        return sum.result();
    }
}
