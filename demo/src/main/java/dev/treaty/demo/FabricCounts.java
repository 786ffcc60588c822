package dev.treaty.demo;

/**
 * What the processes of the fabric counted, on the caller's side of every call.
 *
 * @param calls calls made, of one service by another or by the demo itself
 * @param attempts how often one of them was sent
 * @param retries attempts that followed a failed one
 * @param fallbacks answers given in a service's place
 * @param ejections how often a caller took an instance out of service, by its circuit breaker or in comparison
 * @param mirrored calls that were copied to a mirror
 */
record FabricCounts(long calls, long attempts, long retries, long fallbacks, long ejections, long mirrored) {
    static final FabricCounts NONE = new FabricCounts(0, 0, 0, 0, 0, 0);

    FabricCounts plus(FabricCounts other) {
        return new FabricCounts(
                calls + other.calls,
                attempts + other.attempts,
                retries + other.retries,
                fallbacks + other.fallbacks,
                ejections + other.ejections,
                mirrored + other.mirrored);
    }

    FabricCounts minus(FabricCounts other) {
        return plus(new FabricCounts(
                -other.calls, -other.attempts, -other.retries, -other.fallbacks, -other.ejections, -other.mirrored));
    }

    /** To a thousandth; zero where no call was made. */
    double attemptsPerCall() {
        return calls == 0 ? 0 : Math.round(1000.0 * attempts / calls) / 1000.0;
    }
}
