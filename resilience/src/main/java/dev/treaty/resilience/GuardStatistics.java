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

    /** Of the counts in the order of {@link Tally.Count}, and then the calls. */
    static GuardStatistics of(long[] counts) {
        return new GuardStatistics(
                counts[12],
                counts[0],
                counts[2],
                counts[3],
                counts[4],
                counts[5],
                counts[6],
                counts[7],
                counts[8],
                counts[9],
                counts[1],
                counts[10],
                counts[11]);
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
