package dev.treaty.cli;

import java.util.Map;

/**
 * What a process says of itself on its status page.
 *
 * @param served calls that it answered for the shop, as long as it runs
 * @param rate how many of them each second of the last minute
 * @param p50Nanos half of the last minute's took no longer
 * @param p99Nanos all but one in a hundred took no longer
 * @param counts what it counted as a caller
 * @param breakers the state of its breaker for each instance that it calls, by the instance's id
 */
record DemoStatus(
        long served, double rate, long p50Nanos, long p99Nanos, DemoCounts counts, Map<String, String> breakers) {
    static final DemoStatus NONE = new DemoStatus(0, 0, 0, 0, DemoCounts.NONE, Map.of());
}
