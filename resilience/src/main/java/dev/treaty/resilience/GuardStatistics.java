package dev.treaty.resilience;

import dev.treaty.resilience.internal.GuardCounters.Count;

/**
 * The counters of a guard, since it was built or {@linkplain Guard#reset() reset}.
 *
 * @param calls calls that ended
 * @param failed calls that failed, whether or not a fallback answered in the end
 * @param retries attempts that followed a failed attempt
 * @param retriedCalls calls with such attempts
 * @param hedges attempts that were started beside a slow one
 * @param hedgesWon hedges that answered first
 * @param detached attempts that were left running at their timeout
 * @param rateLimited calls that the rate limiter refused
 * @param concurrencyLimited calls that the concurrency limiter refused
 * @param throttled calls that adaptive client-side throttling refused
 * @param breakerOpen attempts that the guard's circuit breaker refused
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

    /** Takes the counters in the order of {@link Count}. */
    static GuardStatistics of(long[] counters) {
        return new GuardStatistics(
                get(counters, Count.CALLS),
                get(counters, Count.FAILED),
                get(counters, Count.RETRIES),
                get(counters, Count.RETRIED_CALLS),
                get(counters, Count.HEDGES),
                get(counters, Count.HEDGES_WON),
                get(counters, Count.DETACHED),
                get(counters, Count.RATE_LIMITED),
                get(counters, Count.CONCURRENCY_LIMITED),
                get(counters, Count.THROTTLED),
                get(counters, Count.BREAKER_OPEN),
                get(counters, Count.FALLBACKS_SERVED),
                get(counters, Count.FALLBACKS_FAILED));
    }

    @SuppressWarnings("EnumOrdinal") // the order of the counters
    private static long get(long[] counters, Count count) {
        return counters[count.ordinal()];
    }

    /** The average number of attempts of a call; 0 before the first call. */
    public double averageAttempts() {
        return calls == 0 ? 0 : (double) (calls + retries + hedges) / calls;
    }
}
