package dev.treaty.demo;

import dev.treaty.demo.CallTotals.Summary;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** A planned disturbance of the shop, and the calls that began during it. Times count from the start of the load. */
final class InjectedFault {
    /**
     * All disturbances. Times are fractions of the demo's duration, so that a short demo shows the same as a long one
     * if processes start fast enough.
     */
    enum Plan {
        CALM(0, 0.13, "", "before the first fault", ""),
        KILL(0.13, 0.2, "inventory-2", "kills inventory-2 (SIGKILL)", "retries hide it"),
        REGISTRY(0.22, 0.25, "registry", "kills, restarts the registry", "callers keep their last instances"),
        FREEZE(0.29, 0.39, "payments-2", "freezes payments-2 (SIGSTOP)", "timeouts open its circuit breaker"),
        SLOW(0.42, 0.5, "recommendations-2", "slows recommendations-2", "800 ms: calls avoid it"),
        DEGRADE(0.53, 0.62, "recommendations", "slows all recommendations", "800 ms: the fallback answers"),
        SETTINGS(0.57, 0.62, "storefront-1", "changes central settings", "level, deadline and fallback"),
        KEYS(0.64, 0.64, "registry", "signs with another key", "tokens of both are valid"),
        CANARY(0.66, 0.77, "orders-3", "tries orders-3, version 1.1", "10 % of calls, copies of 20 %"),
        DEPLOY(0.8, 0.8, "orders-1", "replaces orders-1 with 1.1", "it completes its calls and ends"),
        DEPLOY_LAST(0.87, 0.87, "orders-2", "replaces orders-2 with 1.1", "it completes its calls and ends");

        final double from;

        /** When the disturbance ends. If this is not after the beginning, it does not end. */
        final double to;

        /** The process that is disturbed, or a prefix of the names of several. */
        final String target;

        final String description;
        final String effect;

        Plan(double from, double to, String target, String description, String effect) {
            this.from = from;
            this.to = to;
            this.target = target;
            this.description = description;
            this.effect = effect;
        }
    }

    private static final long NEVER = Long.MAX_VALUE;

    private final Plan plan;
    private final CallTotals totals = new CallTotals();
    private volatile long startNanos = NEVER;
    private volatile long endNanos = NEVER;

    /** A fault that has not begun. */
    InjectedFault(Plan plan) {
        this.plan = plan;
    }

    Plan plan() {
        return plan;
    }

    void begin(long nowNanos) {
        startNanos = nowNanos;
    }

    /** Ends the fault. Calls that begin later do not count. */
    void end(long nowNanos) {
        endNanos = nowNanos;
    }

    /** Returns true if the fault began before a time. */
    boolean begun(long nanos) {
        return startNanos < nanos;
    }

    boolean ended() {
        return endNanos != NEVER;
    }

    Summary summary() {
        return totals.summary();
    }

    /** Counts a call if it was due to begin during the fault. */
    void count(long dueNanos, long latencyNanos, boolean failed, boolean late) {
        if (dueNanos >= startNanos && dueNanos < endNanos) {
            totals.add(latencyNanos, failed, late);
        }
    }

    double startSeconds() {
        return seconds(startNanos);
    }

    /** Returns how long the fault lasted, or has lasted at a time, in seconds. */
    double lengthSeconds(long nowNanos) {
        return seconds(Math.min(endNanos, nowNanos) - startNanos);
    }

    /** Converts nanoseconds to seconds, rounded to two decimals. */
    static double seconds(long nanos) {
        return Math.round(nanos / 1e7) / 100.0;
    }

    /** Returns the fields of a JSON object. A fault that did not begin has no times and no calls. */
    Map<String, Object> fields(long nowNanos) {
        var fields = new LinkedHashMap<String, Object>();
        fields.put("fault", plan.name().toLowerCase(Locale.ROOT).replace("_last", ""));
        fields.put("target", plan.target);
        fields.put("description", plan.description);
        fields.put("begun", begun(nowNanos));
        fields.put("ended", ended());
        if (begun(nowNanos)) {
            fields.put("atSeconds", startSeconds());
            fields.put("seconds", lengthSeconds(nowNanos));
            fields.putAll(summary().fields());
        }
        return fields;
    }
}
