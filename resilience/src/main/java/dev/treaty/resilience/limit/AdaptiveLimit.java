package dev.treaty.resilience.limit;

import dev.treaty.resilience.ConcurrencyPolicy;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Finds out, window by window, how many calls a service can run at a time: as many as it completes in the time that a
 * call may take (Little's law), which is twice the <em>baseline</em>, the duration of a call without a queue, and at
 * least {@link #WAIT_MIN} more than it. One part keeps the service busy, and the other part waits within it, so that it
 * stays busy. TCP BBR computes its window in the same way (<i>BBR: Congestion-based congestion control</i>, 2016). The
 * time that a call waits for other services is no part of its duration here: the limit allows in addition as many calls
 * as wait for them on average.
 *
 * <p>The limit falls only if calls take longer than they may, and in addition the limit was reached, or more than
 * {@link #LIMIT_MIN} calls run, three quarters of the calls queue, and either some ended after their deadlines or the
 * number of running calls is twice that of when they did not queue and still grows. So a service below its capacity is
 * not limited, however long its calls take. Except during measurements, the limit falls below {@link #LIMIT_MIN} only
 * if half of the calls end after their deadlines. While the limit is reached and calls take less, it rises, by up to a
 * half with each window. It doubles with each {@link #DOUBLED_AFTER} in which it is not reached, until it is the
 * highest again.
 *
 * <p>Each operation has its baseline, so that many calls of a slow operation do not look like a queue. A baseline falls
 * with faster windows. It rises only by a <em>measurement</em>: for {@link #MEASURED_CALLS}, or {@link #MEASURED_FOR}
 * if the service is slow, so few calls are admitted that they cannot queue. Measurements are made while calls seem to
 * queue: every {@link #MEASURE_EVERY} windows, and before the limit falls to less than a quarter of what it was. So a
 * service that has become slower is not mistaken for one with a queue, nor a lasting queue for normal.
 *
 * <p>Only {@link #add} and {@link #over} are thread-safe.
 */
public final class AdaptiveLimit {
    /**
     * The shortest length of a window; it also lasts as long as a call, so that its calls ran under the current limit.
     */
    public static final Duration WINDOW = Duration.ofMillis(20);

    /** The longest time that a window lasts because calls do. */
    private static final Duration WINDOW_MAX = Duration.ofSeconds(1);

    /** The least number of calls in a window; it continues until it has them. */
    public static final int CALLS_MIN = 10;

    /** The number of windows between two measurements of the baselines while calls queue. */
    static final int MEASURE_EVERY = 50;

    /** The same after a measurement that found much shorter baselines, because even its calls may have queued. */
    private static final int MEASURE_AGAIN = 5;

    /** A baseline that fell to this share of itself is much shorter. */
    private static final double MUCH_SHORTER = 0.95;

    /** The number of calls of a measurement; if a limit is high, more calls, so that the longer ones end too. */
    static final int MEASURED_CALLS = 40;

    /** After this time the calls of a window are enough for a measurement, so that it costs little of the capacity. */
    static final Duration MEASURED_FOR = Duration.ofMillis(200);

    /** After this time a single call is enough, and a measurement begins although older calls run. */
    private static final Duration MEASURED_FOR_MAX = Duration.ofSeconds(2);

    /** After this time in which it was not reached, the limit doubles. */
    static final Duration DOUBLED_AFTER = Duration.ofSeconds(1);

    /** How long calls may take, in baselines. */
    static final double TOLERANCE = 2;

    /** So few calls at a time are no overload unless they end after their deadlines. */
    static final int LIMIT_MIN = 16;

    /** The share of late calls that lets the limit fall below {@link #LIMIT_MIN}. */
    private static final double LATE_SHARE = 0.5;

    /** Calls that wait for less than this are no reason to refuse any: quick calls on busy processors wait so long. */
    static final Duration WAIT_MIN = Duration.ofMillis(10);

    /** The share of the calls that do not queue that run during a measurement, so that none queues then. */
    private static final double MEASURED_SHARE = 0.9;

    /** After this time without a complete window the limit grows, unless the calls that ended queued. */
    private static final Duration SILENCE = Duration.ofMillis(200);

    /** The most by which the limit grows in a window. */
    private static final double GROWTH = 0.5;

    /** The share of the limit below which it falls only after a measurement. */
    private static final double UNSURE = 0.25;

    /** The share of slow calls that shows a queue before the limit is reached. */
    private static final double SLOW_SHARE = 0.75;

    /** By how much the number of running calls has grown at least when a queue begins. */
    private static final int RUSH = 2;

    /** By how much the number of running calls grows at least in each window while calls queue more and more. */
    private static final double RUSH_GROWTH = 1.25;

    /** In so many windows in a row: in one, it grows too if calls begin to take longer without a queue. */
    private static final int RUSH_WINDOWS = 2;

    private enum Phase {
        ADAPTING,
        /** The calls end that ran before a measurement. */
        DRAINING,
        MEASURING
    }

    private final int stripes;
    private final Map<String, CallDurations> operations = new ConcurrentHashMap<>();
    private final AtomicLong late = new AtomicLong();
    private final AtomicLong waited = new AtomicLong();
    private volatile long endsAt;

    /** When the last measurement began; calls that began before are not measured. */
    private volatile long since;

    private long beganAt;
    private int limitMax;

    /** {@link #LIMIT_MIN}, or 1 from a window with many late calls on until calls do not queue any more. */
    private int limitMin = LIMIT_MIN;

    private double estimate;

    /** The highest limit since the last measurement. */
    private double estimateKnown;

    private double callNanos;
    private double waitedNanos;
    private double callsPerNano;
    private double baselineNanos;
    private volatile Phase phase = Phase.ADAPTING;
    private int windowsUntilMeasured;
    private long limitedAt;

    /** The number of running calls at the end of the last window, and of the last in which calls did not queue. */
    private int inFlightLast;

    private int inFlightUnqueued;

    /** The number of windows in a row in which calls queued and the number of running calls grew. */
    private int growing;

    private String reason = "it is the highest limit";

    public AdaptiveLimit(ConcurrencyPolicy policy, int stripes, long now) {
        this.stripes = stripes;
        this.estimate = policy.limit();
        this.limitMax = policy.limit();
        begin(now);
    }

    private void begin(long now) {
        beganAt = now;
        long longest = phase == Phase.ADAPTING ? WINDOW_MAX.toNanos() : WINDOW.toNanos();
        endsAt = now + Math.clamp((long) (callNanos + waitedNanos), WINDOW.toNanos(), longest);
        late.set(0);
        waited.set(0);
        operations.values().forEach(CallDurations::next);
    }

    /** Changes the highest limit. */
    public void limitMax(int changed) {
        limitMax = changed;
        estimate = Math.min(estimate, changed);
    }

    /**
     * Adds a call of an operation, of which there are few.
     *
     * @param waitedNanos for how long of its duration it waited for other services
     */
    public void add(String operation, long startedNanos, long now, long waitedNanos, boolean isLate) {
        if (phase == Phase.MEASURING && startedNanos - since < 0) {
            return;
        }
        long nanos = now - startedNanos;
        if (isLate && 2 * waitedNanos < nanos) {
            late.incrementAndGet();
        }
        CallDurations durations = operations.get(operation);
        if (durations == null) {
            durations = operations.computeIfAbsent(operation, _ -> new CallDurations(stripes));
        }
        durations.add(nanos - waitedNanos);
        if (waitedNanos > 0) {
            waited.addAndGet(waitedNanos);
        }
    }

    /** Returns whether the window has lasted long enough. */
    public boolean over(long now) {
        return now - endsAt >= 0;
    }

    /** The current limit. */
    public int limit() {
        return (int) estimate;
    }

    /**
     * Learns from the window and begins the next; returns false if it has too few calls and continues.
     *
     * @param limited whether a call was refused or queued in it
     * @param inFlight the number of running calls
     */
    public boolean next(boolean limited, int inFlight, long now) {
        long calls = operations.values().stream().mapToLong(CallDurations::sum).sum();
        if (phase == Phase.DRAINING) {
            return drained(calls, inFlight, now);
        }
        if (calls < callsMin(now - beganAt)) {
            return limited && grewWithoutEvidence(calls, now);
        }
        int before = limit();
        double baselineBefore = baselineNanos;
        boolean falls = !limited && phase == Phase.ADAPTING;
        operations.values().forEach(each -> each.learn(falls, phase == Phase.MEASURING));
        callNanos =
                operations.values().stream().mapToDouble(CallDurations::nanos).sum() / calls;
        baselineNanos = operations.values().stream()
                        .mapToDouble(CallDurations::busyNanos)
                        .sum()
                / calls;
        waitedNanos = (double) waited.get() / calls;
        boolean slow =
                operations.values().stream().mapToLong(CallDurations::slow).sum() >= SLOW_SHARE * calls;
        growing = slow && inFlight >= RUSH_GROWTH * inFlightLast ? growing + 1 : 0;
        boolean rush = inFlight >= RUSH * Math.max(1, inFlightUnqueued) && growing >= RUSH_WINDOWS;
        inFlightLast = inFlight;
        inFlightUnqueued = TOLERANCE * baselineNanos >= callNanos ? inFlight : inFlightUnqueued;
        boolean overloaded = limited || (inFlight > LIMIT_MIN && slow && (rush || late.get() > 0));
        limitedAt = overloaded ? now : limitedAt;
        String why;
        if (phase == Phase.MEASURING) {
            phase = Phase.ADAPTING;
            windowsUntilMeasured = baselineNanos < MUCH_SHORTER * baselineBefore ? MEASURE_AGAIN : MEASURE_EVERY;
            estimate = callsPerNano * (allowedNanos() + waitedNanos);
            estimateKnown = estimate;
            why = "the baseline was measured again";
        } else {
            callsPerNano = (double) calls / (now - beganAt);
            why = adapted(limited, overloaded, now);
        }
        limitMin = late.get() >= LATE_SHARE * calls ? 1 : limitMin;
        estimate = Math.clamp(estimate, phase == Phase.ADAPTING ? Math.min(limitMin, limitMax) : 1, limitMax);
        begin(now);
        if (limit() != before) {
            reason = "%d to %d: %s".formatted(before, limit(), why);
        }
        return true;
    }

    /** How many calls are enough for a window that has lasted that long. */
    private int callsMin(long nanos) {
        if (phase == Phase.MEASURING && nanos < MEASURED_FOR.toNanos()) {
            return Math.max(MEASURED_CALLS, 3 * limit());
        }
        return phase == Phase.MEASURING && nanos >= MEASURED_FOR_MAX.toNanos() ? 1 : CALLS_MIN;
    }

    /** Begins to measure when no more calls run than the measurement allows, and the calls behind the others ended. */
    private boolean drained(long calls, int inFlight, long now) {
        boolean patient = now - since < MEASURED_FOR_MAX.toNanos();
        boolean drained = inFlight <= limit();
        if (!patient || (drained && calls >= 2L * limit())) {
            phase = Phase.MEASURING;
        }
        if (!drained || phase == Phase.MEASURING) {
            begin(now);
        }
        return false;
    }

    /** Raises a limit that calls have reached for a while, if those that ended did not queue. */
    private boolean grewWithoutEvidence(long calls, long now) {
        long slow = operations.values().stream().mapToLong(CallDurations::slow).sum();
        if (phase != Phase.ADAPTING || now - beganAt < SILENCE.toNanos() || 2 * slow > calls) {
            return false;
        }
        estimate = Math.min(limitMax, estimate * (1 + GROWTH));
        begin(now);
        return true;
    }

    /** How long calls may take. */
    private double allowedNanos() {
        return Math.max(TOLERANCE * baselineNanos, baselineNanos + WAIT_MIN.toNanos());
    }

    private String adapted(boolean limited, boolean overloaded, long now) {
        double headroom = allowedNanos() / callNanos;
        double target = Math.max(limitMin, callsPerNano * (allowedNanos() + waitedNanos));
        windowsUntilMeasured = Math.max(0, windowsUntilMeasured - 1);
        estimateKnown = Math.max(estimateKnown, estimate);
        if (!overloaded) {
            if (now - limitedAt >= DOUBLED_AFTER.toNanos()) {
                estimate *= 2;
                limitMin = LIMIT_MIN;
                limitedAt = now;
            }
            return "it was not reached for " + DOUBLED_AFTER.toSeconds() + " s";
        }
        if (headroom >= 1) {
            estimate *= limited ? 1 + GROWTH * Math.min(1, headroom - 1) : 1;
        } else if (windowsUntilMeasured > 0 && target >= UNSURE * estimateKnown) {
            estimate = Math.min(estimate, target);
        } else {
            double unqueued = callsPerNano * (MEASURED_SHARE * baselineNanos + waitedNanos);
            estimate = Math.clamp(Math.rint(unqueued), 1, estimate);
            phase = Phase.DRAINING;
            since = now;
        }
        return "calls took %s, and %s without a queue".formatted(millis(callNanos), millis(baselineNanos));
    }

    /** How long the calls of the last window would have taken on average without a queue; 0 before the first. */
    public long baselineNanos() {
        return (long) baselineNanos;
    }

    /** How long the calls of the last window took on average; empty before the first. */
    public Optional<Duration> lastSample() {
        return duration((long) callNanos);
    }

    /** The baseline; empty before the first window. */
    public Optional<Duration> baseline() {
        return duration(baselineNanos());
    }

    /** The last change of the limit, and its reason. */
    public String reason() {
        return reason;
    }

    private static Optional<Duration> duration(long nanos) {
        return nanos == 0 ? Optional.empty() : Optional.of(Duration.ofNanos(nanos));
    }

    private static String millis(double nanos) {
        return String.format(Locale.ROOT, "%.2f ms", nanos / 1e6);
    }
}
