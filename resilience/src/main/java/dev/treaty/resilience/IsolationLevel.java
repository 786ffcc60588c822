package dev.treaty.resilience;

/** How much stands between a caller and a service that fails. */
public enum IsolationLevel {
    /** The call goes straight to an instance; only its deadline holds. */
    NONE,
    /** Timeout for each attempt, and retries within a budget. */
    BASIC,
    /** Also a circuit breaker at every instance, and fallbacks. */
    ENHANCED,
    /** Everything there is. */
    FULL;

    /** True where this level has all that the other one has. */
    public boolean includes(IsolationLevel other) {
        return compareTo(other) >= 0;
    }
}
