package dev.treaty.resilience;

import dev.treaty.resilience.internal.GuardCounters;

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

    /** Of {@linkplain GuardCounters#all all counts} of a guard. */
    static GuardStatistics of(long[] counts) {
        return new GuardStatistics(
                GuardCounters.callsOf(counts),
                GuardCounters.of(counts, GuardCounters.Count.FAILED),
                GuardCounters.of(counts, GuardCounters.Count.RETRIES),
                GuardCounters.of(counts, GuardCounters.Count.RETRIED_CALLS),
                GuardCounters.of(counts, GuardCounters.Count.HEDGES),
                GuardCounters.of(counts, GuardCounters.Count.HEDGES_WON),
                GuardCounters.of(counts, GuardCounters.Count.DETACHED),
                GuardCounters.of(counts, GuardCounters.Count.RATE_LIMITED),
                GuardCounters.of(counts, GuardCounters.Count.CONCURRENCY_LIMITED),
                GuardCounters.of(counts, GuardCounters.Count.THROTTLED),
                GuardCounters.of(counts, GuardCounters.Count.BREAKER_OPEN),
                GuardCounters.of(counts, GuardCounters.Count.FALLBACKS_SERVED),
                GuardCounters.of(counts, GuardCounters.Count.FALLBACKS_FAILED));
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
