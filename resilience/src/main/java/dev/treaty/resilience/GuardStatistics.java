package dev.treaty.resilience;

/**
 * What a guard has counted since it was made or {@linkplain Guard#reset() reset}.
 *
 * @param calls how many calls have ended
 * @param failed those that failed, whether or not a fallback answered in the end
 * @param retries how many attempts followed a failed one
 * @param retriedCalls how many calls had such attempts
 * @param hedges how many attempts were started beside a slow one
 * @param hedgesWon how many of those answered first
 * @param detached how many attempts were left behind at their timeout
 * @param rateLimited calls refused by the rate limiter
 * @param concurrencyLimited calls refused by the concurrency limiter
 * @param throttled calls refused by the throttle
 * @param breakerOpen attempts refused by the guard's circuit breaker
 * @param fallbacksServed calls that a fallback answered
 * @param fallbacksFailed calls whose fallback failed too
 */
public record GuardStatistics(
        long calls,
        long failed,
        long retries,
        long retriedCalls,
        long hedges,
        long hedgesWon,
        long detached,
        long rateLimited,
        long concurrencyLimited,
        long throttled,
        long breakerOpen,
        long fallbacksServed,
        long fallbacksFailed) {

    /** Of {@linkplain Tally#all all counts} of a guard. */
    static GuardStatistics of(long[] counts) {
        return new GuardStatistics(
                Tally.callsOf(counts),
                Tally.of(counts, Tally.Count.FAILED),
                Tally.of(counts, Tally.Count.RETRIES),
                Tally.of(counts, Tally.Count.RETRIED_CALLS),
                Tally.of(counts, Tally.Count.HEDGES),
                Tally.of(counts, Tally.Count.HEDGES_WON),
                Tally.of(counts, Tally.Count.DETACHED),
                Tally.of(counts, Tally.Count.RATE_LIMITED),
                Tally.of(counts, Tally.Count.CONCURRENCY_LIMITED),
                Tally.of(counts, Tally.Count.THROTTLED),
                Tally.of(counts, Tally.Count.BREAKER_OPEN),
                Tally.of(counts, Tally.Count.FALLBACKS_SERVED),
                Tally.of(counts, Tally.Count.FALLBACKS_FAILED));
    }

    /** How many calls asked a fallback. */
    public long fallbackCalls() {
        return fallbacksServed + fallbacksFailed;
    }

    /** How many attempts a call took on average; 0 before the first call. */
    public double averageAttempts() {
        return calls == 0 ? 0 : (double) (calls + retries + hedges) / calls;
    }
}
