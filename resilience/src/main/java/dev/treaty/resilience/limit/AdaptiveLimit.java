package dev.treaty.resilience.limit;

import dev.treaty.resilience.ConcurrencyPolicy;
import dev.treaty.resilience.ConcurrencyPolicy.Algorithm;
import dev.treaty.resilience.limit.SampleWindow.Sample;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;

/**
 * Computes, from the latencies of one window after another, how many calls a service can run at a time. Not
 * thread-safe.
 *
 * <p>The three algorithms and their parameters are those of Netflix's concurrency-limits, with four differences. The
 * {@linkplain LatencyBaseline baseline} is bounded. Every algorithm lowers the limit if a call was dropped, Gradient2
 * too (their pull request 134). Gradient2 adds its headroom only while latency is within its tolerance; otherwise,
 * under a mild overload, the headroom outweighs the decrease. And the number of running calls is the window's average
 * by Little's law instead of the observation of one thread.
 *
 * <p>If calls were refused for ten minutes and the limit was never at its minimum, the latency without a queue is no
 * longer known. The limit then stays at its minimum until the queue has drained and a window was measured, as in BBR
 * (<i>Congestion-based congestion control</i>, 2016): seconds in ten minutes. A limiter that refuses no calls is not
 * affected.
 */
public final class AdaptiveLimit {
    /** AIMD counts longer calls as dropped. */
    static final Duration AIMD_CALL_MAX = Duration.ofSeconds(5);

    /** The number of windows with refused calls after which the baseline is measured again. */
    static final int BASELINE_WINDOWS_MAX = 600;

    private static final double AIMD_BACKOFF = 0.9;
    private static final int VEGAS_ALPHA = 3;
    private static final int VEGAS_BETA = 6;
    private static final double GRADIENT_TOLERANCE = 1.5;
    private static final double GRADIENT_MIN = 0.5;
    private static final int GRADIENT_HEADROOM = 4;
    private static final double GRADIENT_SMOOTHING = 0.2;

    /** A window is quiet up to this multiple of the lowest limit: the average of ten calls is that uncertain. */
    private static final double QUIET = 1.25;

    private final Algorithm algorithm;
    private final SampleWindow window;
    private final LatencyBaseline baseline = new LatencyBaseline();
    private int limitMin;
    private int limitMax;
    private double estimate;
    private boolean quietBefore;
    private int windowsRefusing;
    private boolean measuring;
    private double lastNanos;
    private String reason = "it is the initial limit";

    public AdaptiveLimit(ConcurrencyPolicy policy, SampleWindow window) {
        this.algorithm = policy.algorithm();
        this.window = window;
        this.estimate = policy.limit();
        bounds(policy);
    }

    /** Changes the bounds. */
    public void bounds(ConcurrencyPolicy policy) {
        limitMin = policy.limitMin();
        limitMax = policy.limitMax();
        estimate = Math.clamp(estimate, limitMin, limitMax);
    }

    public Algorithm algorithm() {
        return algorithm;
    }

    /** The window to which ended calls are added, by any number of threads. */
    public SampleWindow window() {
        return window;
    }

    /** The current limit. */
    public int limit() {
        return measuring ? limitMin : (int) estimate;
    }

    /**
     * Learns from a window.
     *
     * @param refused whether a call was refused or queued in it
     * @return the new limit
     */
    public int next(Sample sample, boolean refused) {
        int before = limit();
        String why = sample.drops() > 0 ? dropped(sample) : adapted(sample, refused);
        estimate = Math.clamp(estimate, limitMin, limitMax);
        if (limit() != before) {
            reason = "%d to %d: %s".formatted(before, limit(), why);
        }
        return limit();
    }

    private String dropped(Sample sample) {
        estimate = switch (algorithm) {
            case FIXED -> estimate;
            case AIMD -> estimate * AIMD_BACKOFF;
            case VEGAS -> estimate - step();
            case GRADIENT2 -> slope(GRADIENT_MIN);
        };
        measuring = false;
        return "%d of %d calls were dropped".formatted(sample.drops(), sample.drops() + sample.calls());
    }

    private String adapted(Sample sample, boolean refused) {
        lastNanos = sample.meanNanos();
        boolean quiet = sample.inFlight() <= QUIET * limitMin;
        boolean atRest = quiet && quietBefore; // calls that queued before still end in the first quiet window
        quietBefore = quiet;
        if (measuring) {
            if (atRest) {
                measuring = false;
                baseline.restart(lastNanos);
            }
            return "the baseline was measured again";
        }
        boolean inUse = refused || 2 * sample.inFlight() >= estimate; // a limit that is not reached proves nothing
        if (algorithm == Algorithm.AIMD) {
            return aimd(inUse);
        }
        baseline.learn(lastNanos, sample.calls(), atRest);
        if (outdated(atRest, refused)) {
            measuring = true;
            return "the baseline is being measured again";
        }
        if (inUse) {
            estimate = algorithm == Algorithm.VEGAS ? vegas() : gradient2();
        }
        return "calls took %s, and %s without a queue".formatted(millis(lastNanos), millis(baseline.nanos()));
    }

    private boolean outdated(boolean atRest, boolean refused) {
        boolean restarts = atRest || windowsRefusing == BASELINE_WINDOWS_MAX;
        windowsRefusing = restarts ? 0 : windowsRefusing + (refused ? 1 : 0);
        return windowsRefusing == BASELINE_WINDOWS_MAX;
    }

    private String aimd(boolean inUse) {
        if (lastNanos > AIMD_CALL_MAX.toNanos()) {
            estimate *= AIMD_BACKOFF;
            return "calls took " + millis(lastNanos);
        }
        estimate += inUse ? 1 : 0;
        return "no call was dropped";
    }

    private double vegas() {
        double queue = Math.ceil(estimate * (1 - baseline.nanos() / lastNanos));
        double step = step();
        if (queue <= step) {
            return estimate + VEGAS_BETA * step;
        }
        if (queue < VEGAS_ALPHA * step) {
            return estimate + step;
        }
        return queue > VEGAS_BETA * step ? estimate - step : estimate;
    }

    private double step() {
        return Math.max(1, Math.log10(estimate));
    }

    private double gradient2() {
        return slope(Math.clamp(GRADIENT_TOLERANCE * baseline.nanos() / lastNanos, GRADIENT_MIN, 1.0));
    }

    private double slope(double gradient) {
        double goal = estimate * gradient + (gradient < 1 ? 0 : GRADIENT_HEADROOM);
        return (1 - GRADIENT_SMOOTHING) * estimate + GRADIENT_SMOOTHING * goal;
    }

    /** The latency of a call that does not queue; empty if it is not known, or the algorithm does not use it. */
    public Optional<Duration> baseline() {
        return duration(baseline.nanos());
    }

    /** The average latency of the last window. */
    public Optional<Duration> lastSample() {
        return duration(lastNanos);
    }

    /** The last change of the limit, and its reason. */
    public String reason() {
        return reason;
    }

    private static Optional<Duration> duration(double nanos) {
        return nanos == 0 ? Optional.empty() : Optional.of(Duration.ofNanos((long) nanos));
    }

    private static String millis(double nanos) {
        return String.format(Locale.ROOT, "%.2f ms", nanos / 1e6);
    }
}
