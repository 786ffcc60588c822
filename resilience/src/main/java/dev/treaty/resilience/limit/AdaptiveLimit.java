package dev.treaty.resilience.limit;

import dev.treaty.resilience.ConcurrencyPolicy;
import dev.treaty.resilience.ConcurrencyPolicy.Algorithm;
import dev.treaty.resilience.limit.SampleWindow.Sample;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;

/**
 * Finds out, window by window, how many calls a service can do at once. One thread at a time.
 *
 * <p>The parameters are those of Netflix's concurrency-limits, whose three algorithms these are. Four things differ.
 * The {@linkplain LatencyBaseline baseline} is bounded. Every algorithm gives way where a call was dropped, Gradient2 as well
 * (their pull request 134). Gradient2 adds its headroom only while calls are not slower than it tolerates; else, under
 * a mild overload, headroom outweighs the decrease. And how many calls were under way is not what one thread happened
 * to see, but the window's average by Little's law.
 *
 * <p>Where calls have been turned away for ten minutes and the limit was never at its least, nobody knows any more what
 * a call takes that does not queue. Then the limit is at its least until the queue has drained and a window was
 * measured, as in BBR (<i>Congestion-based congestion control</i>, 2016): seconds in ten minutes. Who turns no calls
 * away is left alone.
 */
public final class AdaptiveLimit {
    /** AIMD takes calls that took longer for dropped. */
    static final Duration AIMD_CALL_MAX = Duration.ofSeconds(5);

    /** After so many windows that turned calls away, the baseline is measured anew. */
    static final int BASELINE_WINDOWS_MAX = 600;

    private static final double AIMD_BACKOFF = 0.9;
    private static final int VEGAS_ALPHA = 3;
    private static final int VEGAS_BETA = 6;
    private static final double GRADIENT_TOLERANCE = 1.5;
    private static final double GRADIENT_MIN = 0.5;
    private static final int GRADIENT_HEADROOM = 4;
    private static final double GRADIENT_SMOOTHING = 0.2;

    /**
     * Above its least limit by no more than that, a window counts as quiet: averages of ten calls are that uncertain.
     */
    private static final double QUIET = 1.25;

    private final Algorithm algorithm;
    private final SampleWindow window;
    private final LatencyBaseline baseline = new LatencyBaseline();
    private int limitMin;
    private int limitMax;
    private double estimate;
    private boolean quietBefore;
    private int windowsTurningAway;
    private boolean measuring;
    private double lastNanos;
    private String reason = "it begins there";

    public AdaptiveLimit(ConcurrencyPolicy policy, SampleWindow window) {
        this.algorithm = policy.algorithm();
        this.window = window;
        this.estimate = policy.limit();
        bounds(policy);
    }

    /** Goes on between other bounds. */
    public void bounds(ConcurrencyPolicy policy) {
        limitMin = policy.limitMin();
        limitMax = policy.limitMax();
        estimate = Math.clamp(estimate, limitMin, limitMax);
    }

    public Algorithm algorithm() {
        return algorithm;
    }

    /** Where calls are added that have ended; any number of threads may. */
    public SampleWindow window() {
        return window;
    }

    /** The limit now. */
    public int limit() {
        return measuring ? limitMin : (int) estimate;
    }

    /**
     * Learns from a window.
     *
     * @param turnedAway whether a call was refused or had to wait in it
     * @return the limit from now on
     */
    public int next(Sample sample, boolean turnedAway) {
        int before = limit();
        String why = sample.drops() > 0 ? dropped(sample) : adapted(sample, turnedAway);
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

    private String adapted(Sample sample, boolean turnedAway) {
        lastNanos = sample.meanNanos();
        boolean quiet = sample.inFlight() <= QUIET * limitMin;
        boolean atRest = quiet && quietBefore; // calls that queued still end, and count, in the first quiet window
        quietBefore = quiet;
        if (measuring) {
            if (atRest) {
                measuring = false;
                baseline.restart(lastNanos);
            }
            return "the baseline was measured anew";
        }
        if (algorithm == Algorithm.AIMD) {
            return aimd(inUse(sample, turnedAway));
        }
        baseline.learn(lastNanos, sample.calls(), atRest);
        if (outdated(atRest, turnedAway)) {
            measuring = true;
            return "to measure the baseline anew";
        }
        if (inUse(sample, turnedAway)) {
            estimate = algorithm == Algorithm.VEGAS ? vegas() : gradient2();
        }
        return "calls took %s, and %s where they do not queue".formatted(millis(lastNanos), millis(baseline.nanos()));
    }

    /** A limit that is not reached says nothing about what the service can do. */
    private boolean inUse(Sample sample, boolean turnedAway) {
        return turnedAway || 2 * sample.inFlight() >= estimate;
    }

    private boolean outdated(boolean atRest, boolean turnedAway) {
        if (atRest) {
            windowsTurningAway = 0;
        } else if (turnedAway && ++windowsTurningAway >= BASELINE_WINDOWS_MAX) {
            windowsTurningAway = 0;
            return true;
        }
        return false;
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

    /** What a call takes where it does not queue; nothing where that is not known, or the algorithm does not ask. */
    public Optional<Duration> baseline() {
        return duration(baseline.nanos());
    }

    /** What calls took on average in the last window. */
    public Optional<Duration> lastSample() {
        return duration(lastNanos);
    }

    /** How the limit moved last, and why. */
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
