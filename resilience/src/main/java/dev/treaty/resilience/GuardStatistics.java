package dev.treaty.resilience;

import dev.treaty.resilience.internal.GuardCounters.Count;

/**
 * The counters of a guard, since it was built or {@linkplain Guard#reset() reset}.
 *
 * @param calls calls that ended
 * @param failed calls that failed, whether or not a fallback answered in the end
 * @param breakerOpen attempts that the guard's circuit breaker refused
 * @param retries attempts that followed a failed attempt
 * @param retriedCalls calls with such attempts
 * @param hedges attempts that were started beside a slow one
 * @param hedgesWon hedges that answered first
 * @param detached attempts that were left running at their timeout
 * @param rateLimited calls that the rate limiter refused
 * @param concurrencyLimited calls that the concurrency limiter refused
 * @param throttled calls that adaptive client-side throttling refused
 * @param fallbacksServed calls that a fallback answered
 * @param fallbacksFailed calls whose fallback failed too
 */
public record GuardStatistics(
        long calls,
        long failed,
        long breakerOpen,
        long retries,
        long retriedCalls,
        long hedges,
        long hedgesWon,
        long detached,
        long rateLimited,
        long concurrencyLimited,
        long throttled,
        long fallbacksServed,
        long fallbacksFailed) {

    /** Takes the counters in the order of {@link Count}, which is that of the components. */
    static GuardStatistics of(long[] c) {
        return new GuardStatistics(c[0], c[1], c[2], c[3], c[4], c[5], c[6], c[7], c[8], c[9], c[10], c[11], c[12]);
    }

    /** The average number of attempts of a call; 0 before the first call. */
    public double averageAttempts() {
        return calls == 0 ? 0 : (double) (calls + retries + hedges) / calls;
    }
}
