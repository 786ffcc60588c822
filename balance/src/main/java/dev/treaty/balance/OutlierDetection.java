package dev.treaty.balance;

import dev.treaty.balance.InstanceState.Window;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/** Compares the instances of a service by their calls since the last comparison. */
final class OutlierDetection {
    /** The minimum difference to the mean success rate, even if the other instances hardly deviate. */
    private static final double RATE_GAP = 0.05;

    /** The minimum difference to the usual rate for a rate below the floor: none is ejected if all fail alike. */
    private static final double FLOOR_GAP = 0.1;

    /** The share of slow calls from which an instance is slow. */
    private static final double SLOW_RATE = 0.5;

    /** The minimum multiple of the median share of slow calls: no instance is ejected if all become slow at once. */
    private static final double SLOW_GAP = 2;

    /** A shorter latency is never slow. */
    private static final float SLOW_NANOS_MIN = 10_000_000;

    /** An instance that does worse than the others. */
    record Outlier(InstanceState state, String reason, double badness) {}

    private OutlierDetection() {}

    /**
     * Returns the instances that do worse than the others, the worst first, and starts new windows for all.
     *
     * @param compared the instances with enough calls
     */
    static List<Outlier> find(List<InstanceState> compared, LoadTracker loads, EjectionPolicy policy, long nowNanos) {
        if (compared.size() < policy.minimumInstances()) {
            return List.of();
        }
        double slowLimit =
                Math.max(SLOW_RATE, SLOW_GAP * median(compared, s -> s.window().slowRate()));
        double[] rates = values(compared, s -> s.window().successRate());
        // The median of those that work, if any do: otherwise a majority of dead instances would be the measure.
        double[] working =
                Arrays.stream(rates).filter(r -> r >= policy.successFloor()).toArray();
        double usual = median(working.length > 0 ? working : rates);
        double mean = Arrays.stream(rates).average().orElse(1);
        double deviation = Math.sqrt(
                Arrays.stream(rates).map(r -> (r - mean) * (r - mean)).average().orElse(0));
        double rateLimit = Math.min(mean - policy.deviations() * deviation, mean - RATE_GAP);
        var found = new ArrayList<Outlier>();
        for (InstanceState state : compared) {
            Window window = state.window();
            double rate = window.successRate();
            boolean belowFloor = rate < policy.successFloor() && rate <= usual - FLOOR_GAP;
            if (belowFloor || rate < rateLimit) {
                String reason = window.failures() + " of " + window.calls() + " calls failed; the others have "
                        + String.format(Locale.ROOT, "%.3g %%", usual * 100) + " success";
                found.add(new Outlier(state, reason, 2 - rate));
            } else if (window.slowRate() > slowLimit) {
                String reason = window.slow() + " of " + window.calls() + " calls were " + policy.latencyFactor()
                        + " times slower than usual";
                found.add(new Outlier(state, reason, window.slowRate()));
            }
        }
        double latency = median(compared, s -> s.load().latencyNanos(nowNanos));
        loads.slowNanos = Math.max(SLOW_NANOS_MIN, (float) (policy.latencyFactor() * latency));
        compared.forEach(state -> state.startWindow(nowNanos));
        found.sort(Comparator.comparingDouble(Outlier::badness).reversed());
        return found;
    }

    private static double[] values(List<InstanceState> states, ToDoubleFunction<InstanceState> value) {
        return states.stream().mapToDouble(value).toArray();
    }

    private static double median(List<InstanceState> states, ToDoubleFunction<InstanceState> value) {
        return median(values(states, value));
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
