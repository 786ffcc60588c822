package dev.treaty.demo;

import java.util.LinkedHashMap;
import java.util.Map;

/** Something that was done to the shop, and the calls that were made meanwhile. */
final class InjectedFault {
    private final String kind;
    private final String target;
    private final String description;
    private final long startNanos;
    private final CallTotals tally = new CallTotals();
    private volatile long endNanos = Long.MAX_VALUE;

    /**
     * A fault that begins now.
     *
     * @param kind one word: {@code kill}, {@code freeze}, {@code slow}, {@code deploy}
     * @param target the name of the process it is done to
     * @param description what is being done, to be shown while it lasts
     * @param startNanos now, since the load began
     */
    InjectedFault(String kind, String target, String description, long startNanos) {
        this.kind = kind;
        this.target = target;
        this.description = description;
        this.startNanos = startNanos;
    }

    /** The fault is over; calls that begin later do not count. */
    void end(long nanos) {
        endNanos = nanos;
    }

    boolean over() {
        return endNanos != Long.MAX_VALUE;
    }

    String description() {
        return description;
    }

    long startNanos() {
        return startNanos;
    }

    String kind() {
        return kind;
    }

    String target() {
        return target;
    }

    CallTotals.Summary summary() {
        return tally.summary();
    }

    /** Counts a call that was to begin at that time, if the fault lasted then. */
    void count(long intendedNanos, long latencyNanos, boolean failure, boolean late) {
        if (intendedNanos >= startNanos && intendedNanos < endNanos) {
            tally.add(latencyNanos, failure, late);
        }
    }

    /** How long it lasted, or has lasted so far. */
    double seconds(long nowNanos) {
        return Math.round((Math.min(endNanos, nowNanos) - startNanos) / 1e7) / 100.0;
    }

    /** As a JSON object. */
    Map<String, Object> fields(long nowNanos) {
        var fields = new LinkedHashMap<String, Object>();
        fields.put("fault", kind);
        fields.put("target", target);
        fields.put("description", description);
        fields.put("atSeconds", Math.round(startNanos / 1e7) / 100.0);
        fields.put("seconds", seconds(nowNanos));
        fields.putAll(summary().fields());
        return fields;
    }
}
