package dev.treaty.observe;

import dev.treaty.core.call.Code;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * How calls, or attempts, went over some time. Latencies are right to two significant digits, from a microsecond to ten
 * minutes.
 *
 * @param requests how many there were
 * @param successes how many were answered with a value, whoever gave it
 * @param errors how many failed, by code; codes that did not occur are left out
 * @param seconds how long a time this covers
 * @param averageMillis the mean latency, failures included; 0 where there were no calls, as for those that follow
 * @param p50Millis half took no longer
 * @param p95Millis 95 of a hundred took no longer
 * @param p99Millis 99 of a hundred took no longer
 * @param maxMillis the longest
 * @param histogram all latencies in microseconds, as an encoded HdrHistogram in base64; empty where there were none
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

    /** Nothing was called. */
    public static final CallStatistics NONE = new CallStatistics(0, 0, Map.of(), 0, 0, 0, 0, 0, 0, "");

    /** Copies the map. */
    public CallStatistics {
        var sorted = new EnumMap<Code, Long>(Code.class);
        sorted.putAll(errors);
        errors = Collections.unmodifiableMap(sorted);
    }

    /** How many failed. */
    public long failures() {
        return requests - successes;
    }

    /** The share that succeeded, from 0 to 1; 1 where there were no calls. */
    public double successRate() {
        return requests == 0 ? 1 : (double) successes / requests;
    }

    /** The share that failed, from 0 to 1; 0 where there were no calls. */
    public double errorRate() {
        return requests == 0 ? 0 : (double) failures() / requests;
    }

    /** How many there were in a second, on average. */
    public double requestsPerSecond() {
        return seconds == 0 ? 0 : requests / seconds;
    }

    /**
     * The figures of all of these together, exact as if they had been counted in one place. They cover as long a time
     * as the longest of them.
     *
     * @throws IllegalArgumentException where a histogram is malformed
     */
    public static CallStatistics merge(List<CallStatistics> parts) {
        var sum = new StatisticsSum();
        parts.forEach(sum::add);
        return sum.figures();
    }
}
