package dev.treaty.demo;

import dev.treaty.observe.ServiceMetrics;

/**
 * What clients count.
 *
 * @param calls calls, of one service by another or by the demo
 * @param attempts attempts of these calls
 * @param retries attempts that followed a failed one
 * @param fallbacks calls that a fallback answered
 * @param ejections exclusions of an instance by its circuit breaker or as an outlier
 * @param mirrored calls that were copied to a mirror
 */
record FabricCounts(long calls, long attempts, long retries, long fallbacks, long ejections, long mirrored) {
    static final FabricCounts NONE = new FabricCounts(0, 0, 0, 0, 0, 0);

    static FabricCounts of(ServiceMetrics service) {
        return new FabricCounts(
                service.total().requests(),
                service.attempts(),
                service.retries(),
                service.fallbacks().values().stream().mapToLong(Long::longValue).sum(),
                service.breakerOpenings() + service.ejections(),
                service.mirrored());
    }

    /** Adds or, with the sign -1, subtracts counts. */
    FabricCounts plus(int sign, FabricCounts other) {
        return new FabricCounts(
                calls + sign * other.calls,
                attempts + sign * other.attempts,
                retries + sign * other.retries,
                fallbacks + sign * other.fallbacks,
                ejections + sign * other.ejections,
                mirrored + sign * other.mirrored);
    }

    /** Returns the attempts per call, rounded to three decimals. */
    double attemptsPerCall() {
        return calls == 0 ? 0 : Math.round(1000.0 * attempts / calls) / 1000.0;
    }
}
