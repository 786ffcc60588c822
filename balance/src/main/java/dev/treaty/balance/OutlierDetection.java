package dev.treaty.balance;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** Judges the instances of a service against each other, by the calls since each was judged last. */
final class OutlierDetection {
    /** A smaller difference between success rates is no reason, however regular the others are. */
    private static final double RATE_GAP = 0.05;

    /** How far below the median a rate under the floor must be: where all fail alike, no instance is to blame. */
    private static final double FLOOR_GAP = 0.1;

    /** From which share of slow calls on an instance is slow. */
    private static final double SLOW_RATE = 0.5;

    /** How many times the median's share that must be: where all become slow at once, no instance is to blame. */
    private static final double SLOW_GAP = 2;

    /** Whatever the usual latency, less than this is not slow. */
    private static final float SLOW_NANOS_MIN = 10_000_000;

    /** An instance that does worse than the others. */
    record Outlier(InstanceState standing, String reason) {}

    private OutlierDetection() {}

    /**
     * Those of the instances that do worse than the others, the worst first; their windows begin anew.
     *
     * @param judged those that have had enough calls
     */
    static List<Outlier> judge(List<InstanceState> judged, LoadTracker loads, EjectionPolicy policy, long nowNanos) {
        if (judged.size() < policy.minimumInstances()) {
            return List.of();
        }
        var rates = new double[judged.size()];
        var slowRates = new double[judged.size()];
        for (int i = 0; i < rates.length; i++) {
            rates[i] = judged.get(i).window().successRate();
            slowRates[i] = judged.get(i).window().slowRate();
        }
        double slowOutlying = Math.max(SLOW_RATE, SLOW_GAP * median(slowRates));
        double median = median(rates);
        double mean = Arrays.stream(rates).average().orElse(1);
        double deviation = Math.sqrt(
                Arrays.stream(rates).map(r -> (r - mean) * (r - mean)).average().orElse(0));
        double outlying = Math.min(mean - policy.deviations() * deviation, mean - RATE_GAP);
        record Found(Outlier outlier, double badness) {}
        var found = new ArrayList<Found>();
        for (int i = 0; i < rates.length; i++) {
            InstanceState standing = judged.get(i);
            InstanceState.Window window = standing.window();
            boolean belowFloor = rates[i] < policy.successFloor() && rates[i] <= median - FLOOR_GAP;
            if (belowFloor || rates[i] < outlying) {
                String reason = window.failures() + " of " + window.calls() + " calls failed; the median instance has "
                        + percent(median) + " success";
                found.add(new Found(new Outlier(standing, reason), 2 - rates[i]));
            } else if (slowRates[i] > slowOutlying) {
                String reason = window.slow() + " of " + window.calls() + " calls were " + policy.latencyFactor()
                        + " times slower than usual";
                found.add(new Found(new Outlier(standing, reason), slowRates[i]));
            }
        }
        loads.slowFrom(slow(judged, policy, nowNanos));
        judged.forEach(standing -> standing.judged(nowNanos));
        found.sort((x, y) -> Double.compare(y.badness, x.badness));
        return found.stream().map(Found::outlier).toList();
    }

    /** From which latency on a call is slow, until the next look. */
    private static float slow(List<InstanceState> judged, EjectionPolicy policy, long nowNanos) {
        var latencies = new double[judged.size()];
        for (int i = 0; i < latencies.length; i++) {
            latencies[i] = judged.get(i).load().latencyNanos(nowNanos);
        }
        return Math.max(SLOW_NANOS_MIN, (float) (policy.latencyFactor() * median(latencies)));
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    private static String percent(double share) {
        return String.format(Locale.ROOT, "%.3g %%", share * 100);
    }
}
